import t from 'tap'
import { createKeyPool } from '../../src/plugins/key-pool.ts'
import { FAULTS } from '../../src/upstreams/fault-table.ts'

const START = Date.parse('2026-11-22T12:00:00Z')
const MODEL = 'claude-sonnet-5-5'

function pool () {
  const clock = { now: START }
  const pool = createKeyPool({ keys: [{ key: 'sk-ant-made-up-key' }], strategy: 'round_robin', clock: () => clock.now })
  const fail = (name: string, retryAfter: number | null = null, text: string | null = null, model = MODEL) =>
    pool.acquire({ model }).settle({ kind: 'fault', fault: { row: FAULTS.find((row) => row.name === name)!, retryAfter, text } })
  const row = () => pool.stats().keys[0]!
  const model = (name = MODEL) => row().models.find(({ model }) => model === name)
  return { pool, clock, fail, row, model }
}

t.test('a key that was never used is ready', async (t) => {
  t.match(pool().row(), { state: 'ready', reason: null, until: null, models: [], cache_read_share: null, tokens: { input: 0, output: 0 } })
})

t.test('a rate limit is the model\'s, with reason and end', async (t) => {
  const { fail, row, model } = pool()
  fail('rate_limit', 5_000)
  t.match(row(), { state: 'ready', is_healthy: true })
  t.match(model(), { state: 'limited', reason: /rate limited for this model/, until: '2026-11-22T12:00:05.000Z', request_count: 1, error_count: 1 })
})

t.test('a refusal is the key\'s, and so that of each of its models', async (t) => {
  const { pool: p, fail, row, model, clock } = pool()
  p.acquire({ model: 'other' }).settle({ kind: 'ok' })
  fail('unauthorized', null, 'invalid x-api-key')
  const refused = { state: 'refused', reason: 'the key is not accepted', until: '2026-11-22T12:00:10.000Z', consecutive_failures: 1 }
  t.match(row(), { ...refused, is_healthy: false, last_error_reason: 'the key is not accepted ("invalid x-api-key")' })
  t.match(model('other'), refused)
  clock.now += 10_000
  t.match(row(), { state: 'probing', until: null, consecutive_failures: 1 })
})

t.test('a spend limit rests the whole key and says so', async (t) => {
  const { fail, row } = pool()
  fail('spend_limit')
  t.match(row(), { state: 'limited', reason: /spend limit/, until: '2026-11-22T12:30:00.000Z' })
})

t.test('a model that rests without having been used is told too', async (t) => {
  const { fail, model } = pool()
  fail('model_not_permitted', null, null, 'forbidden-model')
  t.match(model('forbidden-model'), { state: 'refused', reason: /may not use this model/ })
})

t.test('tokens are counted, with the share that the cache gave', async (t) => {
  const { pool: p, row, model } = pool()
  const lease = p.acquire({ model: MODEL })
  lease.settle({ kind: 'ok' })
  lease.spent({ inputTokens: 50, outputTokens: 7, cacheReadTokens: 900, cacheCreationTokens: 50 })
  const counted = { tokens: { input: 50, output: 7, cache_read: 900, cache_creation: 50 }, cache_read_share: 0.9 }
  t.match(row(), counted)
  t.match(model(), counted)
})

t.test('rate-limit windows are shown, and a near one is a state', async (t) => {
  const { pool: p, model } = pool()
  const lease = p.acquire({ model: MODEL })
  lease.settle({ kind: 'ok' })
  lease.observe({
    'anthropic-ratelimit-requests-limit': '1000', 'anthropic-ratelimit-requests-remaining': '3', 'anthropic-ratelimit-requests-reset': '2026-11-22T12:01:00Z'
  })
  t.match(model(), { state: 'near_limit', rate_limits: [{ name: 'requests', limit: 1_000, remaining: 3 }] })
})

t.test('a reset clears state, failures and the last error, and keeps the counts', async (t) => {
  const { pool: p, fail, row } = pool()
  fail('unauthorized')
  p.reset(row().id)
  t.match(row(), { state: 'ready', consecutive_failures: 0, last_error: null, last_error_reason: null, request_count: 1, error_count: 1 })
})
