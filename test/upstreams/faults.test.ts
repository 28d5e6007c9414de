import t from 'tap'
import { outcomeOf, retryAfter } from '../../src/upstreams/faults.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')

t.test('each status blames the right party', async (t) => {
  const kindOf = (status: number) => outcomeOf(status, {}, NOW).kind
  for (const status of [200, 204]) t.equal(kindOf(status), 'ok')
  for (const status of [401, 403]) t.equal(kindOf(status), 'credential')
  t.equal(kindOf(429), 'quota')
  for (const status of [400, 404, 413, 422, 500, 502, 529]) t.equal(kindOf(status), 'neutral')
})

t.test('a request\'s own fault is not held against the key, a platform\'s is told', async (t) => {
  t.match(outcomeOf(400, {}, NOW), { reason: null })
  t.match(outcomeOf(529, {}, NOW), { reason: 'the upstream answered 529' })
})

t.test('retry-after in its three forms', async (t) => {
  t.equal(retryAfter({ 'retry-after': '3' }, NOW), 3_000)
  t.equal(retryAfter({ 'retry-after': 'Sun, 22 Nov 2026 12:00:20 GMT' }, NOW), 20_000)
  t.equal(retryAfter({ 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }, NOW), 0)
  t.equal(retryAfter({ 'retry-after-ms': '250', 'retry-after': '3' }, NOW), 250)
})

t.test('one that cannot be read counts as none', async (t) => {
  for (const value of ['', ' ', 'soon', '-1']) t.equal(retryAfter({ 'retry-after': value }, NOW), null, value)
  t.equal(retryAfter({}, NOW), null)
})
