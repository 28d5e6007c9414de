import t from 'tap'
import type { SessionRow } from '../../src/plugins/database/schema.ts'
import { scopeOf, type Rest } from '../../src/plugins/key-state-store.ts'
import type { SessionTally } from '../../src/plugins/session-lease.ts'
import { sessionReport } from '../../src/plugins/session-report.ts'
import { cookieOf, sessionRow } from '../helpers/web.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const DAY = 86_400_000

interface Told { row?: Partial<SessionRow>, cookie?: string | null, rests?: Rest[], tally?: Partial<SessionTally>, whyNot?: string }

function report ({ row = {}, cookie = cookieOf('reported'), rests = [], tally = {}, whyNot }: Told = {}) {
  return sessionReport(
    { row: sessionRow('s', { created_at: NOW, key_since: NOW, ...row }), cookie, previousCookie: cookieOf('reported-before') },
    {
      restsOf: () => rests,
      tallyOf: () => ({ running: 0, requests: 0, errors: 0, lastError: null, limit: null, ...tally }),
      whyNot: () => whyNot ?? null
    },
    NOW)
}

const rest = (model?: string): Rest => ({
  scope: model === undefined ? 'session:s' : scopeOf('session:s', model), kind: 'quota', since: NOW, until: NOW + 60_000, failures: 0, reason: 'used up'
})

t.test('a session that nothing is wrong with', async (t) => {
  t.same(report(), {
    id: 's',
    name: 's',
    organization_id: '00000000-0000-4000-8000-0000000000aa',
    organization_name: 'made up',
    plan: 'pro',
    created_at: '2026-11-22T12:00:00.000Z',
    expires_at: null,
    is_active: true,
    last_used_at: null,
    status: 'active',
    status_reason: null,
    cooldown_until: null,
    cooldowns: [],
    cookie_ends_at: '2026-12-20T12:00:00.000Z',
    warning: null,
    running: 0,
    request_count: 0,
    error_count: 0,
    last_error: null,
    last_error_reason: null,
    limits: []
  })
})

for (const [status, told] of [
  ['unreadable', { cookie: null, row: { is_active: 0, status: 'dead' } }],
  ['deactivated', { row: { is_active: 0, status: 'dead' } }],
  ['dead', { row: { status: 'dead', expires_at: NOW - 1 } }],
  ['disabled', { row: { status: 'disabled' } }],
  ['expired', { row: { expires_at: NOW }, rests: [rest()] }],
  ['cooling_down', { row: { status: 'unverified' }, rests: [rest()] }],
  ['unverified', { row: { status: 'unverified' } }],
  ['active', { row: { expires_at: NOW + 1 }, rests: [rest('claude-opus-5-5')] }]
] as Array<[string, Told]>) {
  t.test(`of several things, the one that has to be mended first is told: ${status}`, async (t) => {
    t.equal(report(told).status, status)
  })
}

t.test('what rests is told with its end: the session, or models', async (t) => {
  const until = new Date(NOW + 60_000).toISOString()
  t.match(report({ rests: [rest()] }), { status_reason: 'used up', cooldown_until: until, cooldowns: [{ model: null, until, reason: 'used up' }] })
  t.match(report({ rests: [rest('claude-opus-5-5')] }), { status_reason: null, cooldown_until: null, cooldowns: [{ model: 'claude-opus-5-5', until }] })
})

t.test('why it cannot be used goes before why it rests, and that before what claude.ai said', async (t) => {
  const row = { status_reason: 'claude.ai could not be asked' }
  t.equal(report({ row }).status_reason, 'claude.ai could not be asked')
  t.equal(report({ row, rests: [rest()] }).status_reason, 'used up')
  t.equal(report({ row, rests: [rest()], whyNot: 'it was deactivated' }).status_reason, 'it was deactivated')
})

t.test('three days before a cookie is 28 days old, a new one is asked for', async (t) => {
  t.equal(report({ row: { key_since: NOW - 25 * DAY + 1 } }).warning, null)
  t.match(report({ row: { key_since: NOW - 25 * DAY } }).warning, /about 28 days after it was issued.*on 2026-11-25.*add the new cookie/)
  t.match(report({ row: { key_since: NOW - 40 * DAY } }).warning, /by now/)
})

t.test('what claude.ai says of the end of a cookie is believed before the rule', async (t) => {
  t.match(report({ row: { cookie_expires_at: NOW + 2 * DAY } }), { cookie_ends_at: '2026-11-24T12:00:00.000Z', warning: /claude\.ai says that the cookie ends on 2026-11-24/ })
  t.match(report({ row: { key_since: NOW - 40 * DAY, cookie_expires_at: NOW + 20 * DAY } }), { warning: null })
})

t.test('uses, the last error and the plan\'s limits are told', async (t) => {
  const limit = { state: 'within', resetsAt: null, perModel: false, claim: null, windows: [{ name: '5h', status: null, utilization: 0.41, resetsAt: NOW }] } as const
  t.match(report({ tally: { running: 1, requests: 7, errors: 2, lastError: { at: NOW, reason: 'made up' }, limit: { ...limit, windows: [...limit.windows] } } }), {
    running: 1,
    request_count: 7,
    error_count: 2,
    last_error: '2026-11-22T12:00:00.000Z',
    last_error_reason: 'made up',
    limits: [{ name: '5h', status: null, utilization: 0.41, resets_at: '2026-11-22T12:00:00.000Z' }]
  })
})

t.test('no cookie is ever part of it', async (t) => {
  t.notMatch(JSON.stringify(report({ row: { secret: 'sealed', previous_secret: 'sealed before' }, rests: [rest()] })), /cookie-of|sealed/)
})
