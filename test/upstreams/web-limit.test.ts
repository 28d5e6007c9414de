import fc from 'fast-check'
import t from 'tap'
import { webLimitOf } from '../../src/upstreams/web-limit.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const IN_AN_HOUR = NOW + 3_600_000
const SECONDS = IN_AN_HOUR / 1_000
const DAY = 86_400_000

function limit (message: unknown, headers: Record<string, string> = {}, rest: object = {}) {
  return webLimitOf({ type: 'rate_limit_error', message: typeof message === 'object' ? JSON.stringify(message) : message, ...rest }, headers, NOW)
}

t.test('the limit as it is told in the message', async (t) => {
  const told = { type: 'exceeded_limit', resetsAt: SECONDS, remaining: 0, perModelLimit: true, representativeClaim: 'five_hour' }
  t.strictSame(limit(told), { until: IN_AN_HOUR, model: true, claim: 'five_hour' })
  t.strictSame(limit({ ...told, perModelLimit: false, representativeClaim: 7 }), { until: IN_AN_HOUR, model: false, claim: null })
})

t.test('the time in each of its places', async (t) => {
  const iso = new Date(IN_AN_HOUR).toISOString()
  const windows = { '5h': { resets_at: SECONDS }, '7d': { resets_at: SECONDS + 9_999 } }
  const told = [
    limit({ resetsAt: IN_AN_HOUR }),
    limit({ resets_at: iso }),
    limit({ reset_at: String(SECONDS) }),
    limit({ resetsAt: null, representativeClaim: 'five_hour', windows }),
    limit('Slow down', {}, { resets_at: SECONDS }),
    limit('Slow down', { 'anthropic-ratelimit-unified-reset': String(SECONDS), 'retry-after': '5' }),
    limit('Slow down', { 'retry-after': '3600' }),
    limit('Slow down', { 'retry-after': 'Sun, 22 Nov 2026 13:00:00 GMT' })
  ]
  t.strictSame(told.map(({ until }) => until), told.map(() => IN_AN_HOUR))
})

t.test('no limit lasts longer than one of its kind can', async (t) => {
  const far = (claim: string) => limit({ resetsAt: SECONDS + 40 * 86_400, representativeClaim: claim }).until - NOW
  t.strictSame(['five_hour', 'seven_day', 'seven_day_opus', 'concurrents', 'made_up'].map(far), [5 * 3_600_000, 7 * DAY, 7 * DAY, 10_000, DAY])
})

t.test('one that names no time', async (t) => {
  t.equal(limit('Slow down').until, NOW + 300_000)
  t.equal(limit({ representativeClaim: 'concurrents' }).until, NOW + 10_000)
  t.equal(limit('{"resetsAt":').until, NOW + 300_000)
})

t.test('a time that has passed still parts two tries', async (t) => {
  t.equal(limit({ resetsAt: SECONDS - 9_999 }).until, NOW + 1_000)
})

t.test('whatever it says, it lasts between a second and a week', async () => {
  const value = fc.oneof(fc.jsonValue(), fc.integer(), fc.double())
  const told = fc.record({ resetsAt: value, representativeClaim: value, windows: fc.jsonValue(), perModelLimit: value })
  fc.assert(fc.property(told, fc.string(), (told, header) => {
    const { until } = limit(told, { 'retry-after': header })
    return until >= NOW + 1_000 && until <= NOW + 7 * DAY
  }))
})
