import t from 'tap'
import { createDrain } from '../../src/plugins/drain.ts'
import { createExchanges } from '../../src/plugins/exchanges.ts'

t.test('waits for what runs, and a second start joins the first', async (t) => {
  const exchanges = createExchanges()
  const drain = createDrain({ exchanges, timeout: 60_000 })
  const stream = { tick () {}, fail: () => t.fail('cut before the deadline') }
  exchanges.add('a', stream)
  t.equal(drain.active, false)
  const started = drain.start()
  t.equal(drain.active, true)
  t.equal(drain.start(), started)
  exchanges.remove('a', stream)
  await started
})

t.test('ends what still runs at the deadline', async (t) => {
  const exchanges = createExchanges()
  const drain = createDrain({ exchanges, timeout: 1 })
  const stream = {
    tick () {},
    fail (error: unknown) {
      t.match(error, { type: 'overloaded_error', status: 503, code: 'shutting_down' })
      exchanges.remove('a', stream)
    }
  }
  exchanges.add('a', stream)
  await drain.start()
  t.equal(exchanges.size, 0)
})
