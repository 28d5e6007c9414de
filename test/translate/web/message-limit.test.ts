import t from 'tap'
import { parseLimitMessage, parseMessageLimit } from '../../../src/translate/web/message-limit.ts'
import { resetOf, resetTime } from '../../../src/translate/web/reset-time.ts'

const SECONDS = 1_790_000_000
const MS = SECONDS * 1_000

t.test('a time in every form that claude.ai writes it', async (t) => {
  for (const [value, time] of [
    [SECONDS, MS], [SECONDS + 0.5, MS + 500], [MS, MS], [String(SECONDS), MS], [String(MS), MS], ['2026-09-21T14:13:20Z', MS],
    ['2026-09-21T16:13:20.250+02:00', MS + 250], ['2026-09-21T14:13:20.000000+00:00', MS],
    [0, null], [-1, null], [NaN, null], [Infinity, null], [1e300, null], ['', null], ['soon', null], ['2026-09-21', null], ['2026-99-21T14:13:20Z', null],
    [null, null], [undefined, null], [true, null], [{}, null]
  ] as const) t.equal(resetTime(value), time, String(value))
  for (const name of ['resetsAt', 'resets_at', 'resetAt', 'reset_at']) t.equal(resetOf({ [name]: SECONDS }), MS, name)
  t.equal(resetOf({ resetsAt: null, resets_at: 'soon', reset_at: SECONDS }), MS, 'the first that is a time')
})

t.test('every state, told by the limit, its windows or nobody', async (t) => {
  const states = { within_limit: 'within', approaching_limit: 'approaching', exceeded_limit: 'exceeded', over_limit: 'exceeded' }
  for (const [type, state] of Object.entries(states)) {
    t.equal(parseMessageLimit({ type }).state, state)
    t.equal(parseMessageLimit({ type: 'new', windows: { '5h': { status: 'within_limit' }, '7d': { status: type } } }).state, state)
  }
  for (const type of ['new', 'constructor', '__proto__', 7, null]) t.equal(parseMessageLimit({ type }).state, 'within')
  t.equal(parseMessageLimit({ status: 'exceeded_limit' }).state, 'exceeded')
})

t.test('all that a limit tells', async (t) => {
  t.same(parseMessageLimit({
    type: 'exceeded_limit',
    resetsAt: SECONDS,
    perModelLimit: true,
    representativeClaim: 'seven_day',
    windows: { '5h': { status: 'within_limit', resets_at: null, utilization: 0.4 }, '7d': { resets_at: SECONDS }, odd: null }
  }), {
    state: 'exceeded',
    resetsAt: MS,
    perModel: true,
    claim: 'seven_day',
    windows: [{ name: '5h', status: 'within', resetsAt: null, utilization: 0.4 }, { name: '7d', status: null, resetsAt: MS, utilization: null }]
  })
  t.same(parseMessageLimit({}), { state: 'within', resetsAt: null, perModel: false, claim: null, windows: [] })
})

t.test('an exceeded limit without a time has that of its windows', async (t) => {
  const window = (status: string, hours: number) => ({ status, resets_at: SECONDS + hours * 3_600 })
  const at = (fields: object) => parseMessageLimit({ type: 'exceeded_limit', ...fields }).resetsAt
  t.equal(at({ windows: { '5h': window('exceeded_limit', 1), '7d': window('exceeded_limit', 9), '30d': window('within_limit', 99) } }), MS + 9 * 3_600_000)
  t.equal(at({ representativeClaim: 'five_hour', windows: { '5h': { resets_at: SECONDS }, '7d': { resets_at: SECONDS * 1.1 } } }), MS)
  t.equal(at({ representativeClaim: 'concurrents', windows: { '5h': window('within_limit', 1) } }), null, 'too many at once ends with one of them')
  t.equal(parseMessageLimit({ type: 'within_limit', representativeClaim: 'five_hour', windows: { '5h': window('within_limit', 1) } }).resetsAt, null)
})

t.test('the message of a 429 is JSON, or just a text', async (t) => {
  t.match(parseLimitMessage(`{"type":"exceeded_limit","resetsAt":${SECONDS},"perModelLimit":false,"representativeClaim":"five_hour"}`), {
    state: 'exceeded', resetsAt: MS, perModel: false, claim: 'five_hour'
  })
  t.match(parseLimitMessage(' {"resets_at":"2026-09-21T14:13:20Z"}'), { state: 'exceeded', resetsAt: MS }, 'a 429 that names no state exceeds')
  for (const text of ['', 'Too many requests', '{', '{}', '[]', '{"type":"other"}', 'null', '{"a":{"resetsAt":1}}']) t.equal(parseLimitMessage(text), null, text)
})
