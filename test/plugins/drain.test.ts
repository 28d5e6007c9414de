import { mock } from 'node:test'
import t from 'tap'
import type { GatewayError } from '../../src/errors.ts'
import { createDrain } from '../../src/plugins/drain.ts'

t.test('with nothing open it is over at once', async (t) => {
  const drain = createDrain({ endAll: () => t.fail('nothing to end'), timeout: 60_000 })
  drain.enter()
  drain.leave()
  t.equal(drain.active, false)
  await drain.start()
  t.equal(drain.active, true)
})

t.test('waits for what is open, and a second start joins the first', async (t) => {
  const drain = createDrain({ endAll: () => t.fail('cut before the deadline'), timeout: 60_000 })
  drain.enter()
  drain.enter()
  let over = false
  const started = drain.start().then(() => { over = true })
  t.equal(drain.start(), drain.start())
  drain.leave()
  // A probe comes and goes meanwhile.
  drain.enter()
  drain.leave()
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(over, false)
  drain.leave()
  await started
})

t.test('ends what still runs at the deadline', async (t) => {
  const errors: GatewayError[] = []
  const drain = createDrain({
    endAll: (error) => {
      errors.push(error)
      drain.leave()
    },
    timeout: 1
  })
  drain.enter()
  await drain.start()
  t.match(errors, [{ type: 'overloaded_error', status: 503, code: 'shutting_down' }])
})

t.test('does not wait for ever for what will not end', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const drain = createDrain({ endAll () {}, timeout: 5_000 })
  drain.enter()
  const started = drain.start()
  mock.timers.tick(5_000)
  mock.timers.tick(10_000)
  await started
})
