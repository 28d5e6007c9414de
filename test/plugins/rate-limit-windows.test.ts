import t from 'tap'
import { createRateLimitWindows } from '../../src/plugins/rate-limit-windows.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const MODEL = 'claude-sonnet-5-5'
const RESET = '2026-11-22T12:01:00Z'

const limit = (name: string, remaining: string, reset = RESET) => ({
  [`anthropic-ratelimit-${name}-limit`]: '1000',
  [`anthropic-ratelimit-${name}-remaining`]: remaining,
  [`anthropic-ratelimit-${name}-reset`]: reset
})
const ROOM = limit('requests', '900')

function near (headers: Record<string, string>, now = NOW): boolean {
  const windows = createRateLimitWindows()
  windows.observe('acme', MODEL, headers, NOW)
  return windows.isNear('acme', MODEL, now)
}

for (const name of ['requests', 'tokens', 'input-tokens', 'output-tokens']) {
  t.test(`${name} below a twentieth of their limit are near`, async (t) => {
    t.equal(near({ ...ROOM, ...limit(name, '49') }), true)
    t.equal(near({ ...ROOM, ...limit(name, '50') }), false)
  })
}

t.test('it is near until its reset', async (t) => {
  t.equal(near(limit('requests', '0'), NOW + 59_999), true)
  t.equal(near(limit('requests', '0'), NOW + 60_000), false)
})

t.test('a reset far off is not believed', async (t) => {
  t.equal(near(limit('requests', '0', '2027-11-22T12:00:00Z'), NOW + 30 * 60_000), false)
})

t.test('the latest answer counts', async (t) => {
  const windows = createRateLimitWindows()
  windows.observe('acme', MODEL, limit('requests', '1'), NOW)
  t.equal(windows.allFar, false)
  windows.observe('acme', MODEL, limit('requests', '500'), NOW + 1)
  t.equal(windows.isNear('acme', MODEL, NOW + 1), false)
  t.equal(windows.allFar, true)
})

t.test('it concerns one organisation and one model', async (t) => {
  const windows = createRateLimitWindows()
  windows.observe('acme', MODEL, limit('requests', '1'), NOW)
  t.same([windows.isNear('acme', 'other', NOW), windows.isNear('other', MODEL, NOW)], [false, false])
})

t.test('it can be forgiven', async (t) => {
  const windows = createRateLimitWindows()
  windows.observe('acme', MODEL, limit('requests', '1'), NOW)
  windows.forgive('acme')
  t.equal(windows.isNear('acme', MODEL, NOW), false)
})

for (const [what, headers] of Object.entries<Record<string, string>>({
  nothing: {},
  'no reset': { 'anthropic-ratelimit-requests-limit': '10', 'anthropic-ratelimit-requests-remaining': '0' },
  'no number': { ...limit('requests', 'none') },
  'no date': limit('requests', '0', 'soon'),
  'a limit of zero': { ...limit('requests', '0'), 'anthropic-ratelimit-requests-limit': '0' }
})) {
  t.test(`headers with ${what} say nothing`, async (t) => {
    t.equal(near(headers), false)
  })
}

t.test('rows show what the latest answer said', async (t) => {
  const windows = createRateLimitWindows()
  windows.observe('acme', MODEL, { ...ROOM, ...limit('tokens', '12', 'soon'), 'anthropic-ratelimit-input-tokens-limit': 'much' }, NOW)
  t.same(windows.rows('acme', MODEL), [
    { name: 'requests', limit: 1_000, remaining: 900, reset: '2026-11-22T12:01:00.000Z', seen_at: '2026-11-22T12:00:00.000Z' },
    { name: 'tokens', limit: 1_000, remaining: 12, reset: null, seen_at: '2026-11-22T12:00:00.000Z' }
  ])
  t.same(windows.rows('acme', 'other'), [])
})

t.test('a client that invents models cannot fill the memory', async (t) => {
  const windows = createRateLimitWindows()
  for (let i = 0; i < 1_001; i++) windows.observe('acme', `invented-${i}`, ROOM, NOW)
  t.same(windows.rows('acme', 'invented-0'), [])
  t.equal(windows.rows('acme', 'invented-1000').length, 1)
})
