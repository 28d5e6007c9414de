import t from 'tap'
import { createKeyTally } from '../../src/plugins/key-tally.ts'

const USAGE = { inputTokens: 10, outputTokens: 4, cacheReadTokens: 90, cacheCreationTokens: null }

t.test('what is spent counts for the key and for the model', async (t) => {
  const tally = createKeyTally()
  tally.spent('a', USAGE)
  tally.spent('a', USAGE)
  tally.spent('b', USAGE)
  t.match(tally.whole, { inputTokens: 30, outputTokens: 12, cacheReadTokens: 270, cacheCreationTokens: 0 })
  t.match(tally.models.get('a'), { inputTokens: 20, cacheReadTokens: 180 })
})

t.test('a model counts from its first answer on', async (t) => {
  const tally = createKeyTally()
  tally.lent(1)
  t.equal(tally.models.size, 0)
  tally.answered('a', 2)
  t.match(tally.models.get('a'), { requests: 1, lastUsed: 2 })
})

t.test('what is about no model counts for the key alone', async (t) => {
  const tally = createKeyTally()
  tally.answered('', 1)
  tally.failed('', 'it broke', 2)
  tally.spent('', USAGE)
  t.equal(tally.models.size, 0)
  t.match(tally.whole, { errors: 1, lastError: 2, lastErrorReason: 'it broke', inputTokens: 10 })
})

t.test('past a number of models the one that was used least recently is forgotten, and the whole stays right', async (t) => {
  const tally = createKeyTally()
  tally.spent('first', USAGE)
  tally.spent('second', USAGE)
  for (let i = 0; i < 63; i++) {
    tally.answered('first', i)
    tally.answered(`model-${i}`, i)
  }
  t.equal(tally.models.size, 64)
  t.ok(tally.models.has('first'))
  t.notOk(tally.models.has('second'))
  t.equal(tally.whole.inputTokens, 20)
})

t.test('forgiving forgets the last error, and no count', async (t) => {
  const tally = createKeyTally()
  tally.failed('a', 'it broke', 2)
  tally.forgive()
  t.match(tally.whole, { errors: 1, lastError: null, lastErrorReason: null })
  t.match(tally.models.get('a'), { errors: 1, lastErrorReason: null })
})
