import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { SessionOutcome, SessionRequest } from '../../src/plugins/session-lease.ts'
import { createSessionPool, type SessionPoolDeps } from '../../src/plugins/session-pool.ts'
import type { SessionRow } from '../../src/plugins/database/schema.ts'
import type { Session, Verdict } from '../../src/plugins/session-store.ts'
import type { MessageLimit } from '../../src/translate/web/message-limit.ts'
import { WEB_FAULTS } from '../../src/upstreams/web-fault-table.ts'
import type { WebFault } from '../../src/upstreams/web-faults.ts'
import { cookieOf, sessionRow } from '../helpers/web.ts'

const START = Date.parse('2026-11-22T12:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MODEL = 'claude-sonnet-5-5'
const OTHER_MODEL = 'claude-opus-5-5'

/** An outcome by the name of its row in the table of faults. */
function fault (name: string, changes: Partial<WebFault> = {}): SessionOutcome {
  const row = WEB_FAULTS.find((one) => one.name === name)!
  return { kind: 'fault', fault: { row, until: null, model: false, claim: null, text: null, ...changes } }
}

const limited = (wait: number, model = false) => fault('rate_limit', { until: START + wait, model })
const limit = (changes: Partial<MessageLimit> = {}): MessageLimit => ({ state: 'exceeded', resetsAt: START + HOUR, perModel: false, claim: null, windows: [], ...changes })

/** A pool over a store in memory: what it writes is listed in `written`. */
function pool (names: string[], { rows = {}, ...deps }: Partial<SessionPoolDeps> & { rows?: Record<string, Partial<SessionRow>> } = {}) {
  const clock = { now: START }
  const sessions: Session[] = names.map((name) => ({ row: sessionRow(name, rows[name]), cookie: cookieOf(name), previousCookie: null }))
  const written: Array<Verdict & { id: string }> = []
  const lines: unknown[] = []
  const log = { error: (...line: unknown[]) => { lines.push(line) }, warn () {} }
  const store = {
    list: () => [...sessions],
    get: (id: string) => sessions.find(({ row }) => row.id === id),
    judge: async ({ row }: Session, verdict: Verdict) => {
      written.push({ id: row.id, ...verdict })
      await null
      Object.assign(row, { status: verdict.status, status_reason: verdict.reason })
    },
    goBack: async (session: Session) => { Object.assign(session, { cookie: session.previousCookie, previousCookie: null }) },
    touch () {}
  }
  const pool = createSessionPool({ store, log, affinity: false, clock: () => clock.now, ...deps })
  const take = (request: Partial<SessionRequest> = {}) => pool.acquire({ model: MODEL, ...request })
  /** Takes a session, settles it, and says which it was. */
  const use = (request: Partial<SessionRequest> = {}, outcome: SessionOutcome = { kind: 'ok' }) => {
    const lease = take(request)
    lease.settle(outcome)
    return lease.session.row.id
  }
  /** Why none can be lent. */
  const refusal = (model = MODEL, tried?: Set<string>): unknown => {
    try {
      return use({ model, tried })
    } catch (error) {
      return error
    }
  }
  const session = (name: string) => sessions.find(({ row }) => row.id === name)!
  const remove = (name: string) => sessions.splice(sessions.findIndex(({ row }) => row.id === name), 1)
  return { pool, clock, sessions, session, remove, written, lines, take, use, refusal }
}

t.test('the one least recently lent is next, whoever is still out', async (t) => {
  const { take, use } = pool(['a', 'b', 'c'])
  t.same([use(), use(), use(), use()], ['a', 'b', 'c', 'a'])
  const held = take()
  t.equal(held.session.row.id, 'b')
  t.same([use(), use(), use()], ['c', 'a', 'b'])
})

t.test('a lease shows the session, and its cookie as it was lent', async (t) => {
  const { take, session } = pool(['a'])
  const lease = take()
  session('a').cookie = cookieOf('later')
  t.equal(lease.cookie, cookieOf('a'))
})

t.test('a conversation keeps its session while that is free, and only its own moves', async (t) => {
  const { use } = pool(['a', 'b', 'c'], { affinity: true })
  const conversations = Array.from({ length: 30 }, (_, n) => `token\nconversation ${n}`)
  const homes = conversations.map((affinity) => use({ affinity }))
  t.same(conversations.map((affinity) => use({ affinity })), homes, 'the same each time')
  t.equal(new Set(homes).size, 3, 'all have some')
  const without = conversations.map((affinity) => use({ affinity, tried: new Set(['a']) }))
  t.same(without.filter((_, n) => homes[n] !== 'a'), homes.filter((home) => home !== 'a'))
  t.notOk(without.includes('a'))
})

t.test('without the strategy, a conversation has no say', async (t) => {
  const { use } = pool(['a', 'b'])
  t.same([use({ affinity: 'x' }), use({ affinity: 'x' })], ['a', 'b'])
})

t.test('what claude.ai has vouched for goes before what nobody has tried', async (t) => {
  const { use } = pool(['new', 'good'], { rows: { new: { status: 'unverified' } } })
  t.same([use(), use()], ['good', 'good'])
  t.equal(use({ tried: new Set(['good']) }), 'new')
})

t.test('a session that nobody has tried is vouched for by its first good use', async (t) => {
  const { use, written } = pool(['new'], { rows: { new: { status: 'unverified', status_reason: 'claude.ai could not be asked' } } })
  use({}, { kind: 'none', reason: 'The upstream could not be reached.' })
  t.same(written, [])
  use()
  await turn()
  t.match(written, [{ id: 'new', status: 'active', reason: null, organization: null }])
  use()
  t.equal(written.length, 1)
})

for (const [what, changes, reason] of [
  ['out of use', { is_active: 0 }, /deactivated/],
  ['expired', { expires_at: START }, /expired/],
  ['dead', { status: 'dead', status_reason: 'signed out' }, /signed out/],
  ['disabled', { status: 'disabled' }, /disabled/]
] as const) {
  t.test(`a session that is ${what} is not lent, and the trail says why`, async (t) => {
    const { take, refusal, pool: p, session } = pool(['a', 'b'], { rows: { a: changes } })
    const trail: string[] = []
    t.equal(take({ trail }).session.row.id, 'b')
    t.match(trail, [/^a passed over/, 'b'])
    t.match(trail[0], reason)
    t.match(p.whyNot(session('a')), reason)
    t.equal(p.acquireOne('a', MODEL), null)
    t.match(refusal(MODEL, new Set(['b'])), { status: 503 })
  })
}

t.test('a session that cannot be decrypted is not lent', async (t) => {
  const { use, session, pool: p } = pool(['a', 'b'])
  session('a').cookie = null
  t.same([use(), use()], ['b', 'b'])
  t.match(p.whyNot(session('a')), /decrypted/)
  session('b').cookie = null
  t.equal(p.available, false)
})

t.test('one session can be asked for, where nothing is in its way', async (t) => {
  const { pool: p, use } = pool(['a', 'b'])
  t.equal(p.acquireOne('b', MODEL)?.session.row.id, 'b')
  t.equal(p.acquireOne('nobody', MODEL), null)
  t.equal(use(), 'a', 'that counts as its turn')
  use({ model: MODEL, tried: new Set(['a']) }, limited(HOUR))
  t.equal(p.acquireOne('b', MODEL), null)
})

t.test('a rate limit rests the session until its end, for every model', async (t) => {
  const { use, clock, pool: p } = pool(['a', 'b'])
  use({}, limited(HOUR))
  t.same([use(), use({ model: OTHER_MODEL })], ['b', 'b'])
  t.match(p.restsOf('a'), [{ scope: 'session:a', kind: 'quota', until: START + HOUR }])
  clock.now += HOUR - 1
  t.equal(use(), 'b')
  clock.now += 1
  t.equal(use(), 'a')
  t.same(p.restsOf('a'), [])
})

t.test('a rate limit of one model leaves the others', async (t) => {
  const { use, refusal } = pool(['a'])
  use({}, limited(HOUR, true))
  t.match(refusal(), { status: 429, retryAfter: 3_600 })
  t.equal(use({ model: OTHER_MODEL }), 'a')
})

t.test('no rest is longer than a week', async (t) => {
  const { use, pool: p } = pool(['a'])
  use({}, limited(18 * DAY))
  t.match(p.restsOf('a'), [{ until: START + 7 * DAY }])
})

t.test('a model that the plan lacks rests alone, and a wrong organisation the whole session', async (t) => {
  const { use, refusal, pool: p } = pool(['a'])
  use({}, fault('model_unavailable'))
  t.match(refusal(), { status: 404, code: 'model_not_found' })
  t.equal(use({ model: OTHER_MODEL }), 'a')
  p.reset('a')
  use({}, fault('wrong_organization'))
  t.match(refusal(OTHER_MODEL), { status: 503 })
})

t.test('only evidence ends a session, whatever else goes wrong', async (t) => {
  for (const { name, kind } of WEB_FAULTS) {
    const { use, written, session } = pool(['a'])
    use({}, fault(name, { until: START + MINUTE }))
    await turn()
    t.same(written.map(({ status }) => status), kind === 'dead' || kind === 'disabled' ? [kind] : [], name)
    t.equal(session('a').row.status, kind === 'dead' || kind === 'disabled' ? kind : 'active', name)
  }
  const { use, written } = pool(['a'])
  for (let n = 0; n < 20; n++) use({}, { kind: 'none', reason: 'The connection to the upstream broke off.' })
  t.same(written, [], 'nor does it die of faults of the connection')
})

t.test('what is no fault of the session\'s leaves it in use', async (t) => {
  for (const name of ['mitigated', 'redirect', 'page', 'overloaded', 'server_error', 'forbidden', 'request', 'conversation', 'too_long', 'unknown']) {
    const { use } = pool(['a'])
    use({}, fault(name))
    t.equal(use(), 'a', name)
  }
})

t.test('a session that has ended is lent to nobody, also while that is being written down', async (t) => {
  const { use, refusal, pool: p } = pool(['a'])
  use({}, fault('session_invalid'))
  t.equal(p.available, false)
  t.match(refusal(), { status: 503, retryable: false })
})

t.test('a verdict about a cookie that was renewed meanwhile is not believed', async (t) => {
  const { take, written, session } = pool(['a'])
  const lease = take()
  session('a').cookie = cookieOf('renewed')
  lease.settle(fault('session_invalid'))
  t.same(written, [])
})

t.test('when a renewed cookie is refused, the one before is tried again, and dies by its own refusal', async (t) => {
  const { take, use, written, session } = pool(['a'])
  Object.assign(session('a'), { cookie: cookieOf('renewed'), previousCookie: cookieOf('before') })
  const [one, other] = [take(), take()]
  one.settle(fault('session_invalid'))
  await null
  other.settle(fault('session_invalid'))
  await turn()
  t.match(session('a'), { cookie: cookieOf('before'), row: { status: 'unverified', status_reason: /before its last renewal is tried again/ } })
  use({}, fault('session_invalid'))
  t.match(written.at(-1), { status: 'dead' })
})

t.test('what is used up after an answer rests from then on', async (t) => {
  const { take, pool: p, refusal, use } = pool(['a'])
  const lease = take()
  lease.observe(limit())
  lease.settle({ kind: 'ok' })
  t.match(p.restsOf('a'), [{ kind: 'quota', until: START + HOUR }])
  t.match(refusal(OTHER_MODEL), { status: 429, retryAfter: 3_600 })
  p.reset('a')
  const other = take()
  other.observe(limit({ perModel: true }))
  other.settle({ kind: 'ok' })
  t.match(refusal(), { status: 429 })
  t.equal(use({ model: OTHER_MODEL }), 'a')
})

for (const [what, changes] of [
  ['nearly used up', { state: 'approaching' }], ['within', { state: 'within' }], ['without an end', { resetsAt: null }], ['over', { resetsAt: START }]
] as const) {
  t.test(`a limit that is ${what} is shown and rests nothing`, async (t) => {
    const { take, pool: p } = pool(['a'])
    const lease = take()
    lease.observe(limit(changes))
    lease.settle({ kind: 'ok' })
    t.same(p.restsOf('a'), [])
    t.match(p.tallyOf('a').limit, changes)
  })
}

for (const [claim, longest] of [['five_hour', 5 * HOUR], ['seven_day', 7 * DAY], [null, DAY]] as const) {
  t.test(`an end of ${claim ?? 'an unnamed limit'} that cannot be is not believed, after an answer either`, async (t) => {
    const { take, pool: p } = pool(['a'])
    const lease = take()
    lease.observe(limit({ claim, resetsAt: START + 18 * DAY }))
    lease.settle({ kind: 'ok' })
    t.match(p.restsOf('a'), [{ until: START + longest }])
  })
}

t.test('a reset forgets what rests, of that session alone', async (t) => {
  const { use, pool: p } = pool(['a', 'b'])
  for (const name of ['a', 'b']) {
    use({ tried: new Set(name === 'a' ? ['b'] : ['a']) }, limited(HOUR, true))
    use({ model: OTHER_MODEL, tried: new Set(name === 'a' ? ['b'] : ['a']) }, limited(HOUR))
  }
  t.equal(p.restsOf('a').length, 2)
  p.reset('a')
  t.same(p.restsOf('a'), [])
  t.equal(p.restsOf('b').length, 2)
  t.equal(use(), 'a')
})

t.test('a check that went well forgets what only claude.ai could mend, and no rate limit', async (t) => {
  const { use, pool: p } = pool(['a'])
  use({}, fault('model_unavailable'))
  use({ model: 'claude-haiku-5-5' }, limited(HOUR, true))
  use({ model: OTHER_MODEL }, fault('wrong_organization'))
  p.vouch('a')
  t.match(p.restsOf('a'), [{ kind: 'quota' }])
  t.equal(p.restsOf('a').length, 1)
})

t.test('no number of made-up models hides a rate limit of the session, nor grows without end', async (t) => {
  const { use, pool: p, refusal } = pool(['a', 'b'])
  for (let n = 0; n < 1_000; n++) use({ model: `made-up-${n}`, tried: new Set(['b']) }, fault('model_unavailable'))
  t.equal(p.restsOf('a').length, 64)
  use({ model: 'made-up-of-b', tried: new Set(['a']) }, fault('model_unavailable'))
  t.equal(p.restsOf('b').length, 1, 'another session has its own')
  use({ tried: new Set(['b']) }, limited(HOUR))
  t.match(refusal(MODEL, new Set(['b'])), { status: 429, retryAfter: 3_600 })
})

t.test('a limit of a model is kept before what the plan lacks', async (t) => {
  const { use, pool: p } = pool(['a'])
  use({}, limited(2 * HOUR, true))
  for (let n = 0; n < 100; n++) use({ model: `made-up-${n}` }, fault('model_unavailable'))
  t.ok(p.restsOf('a').some(({ scope, kind }) => scope.endsWith(MODEL) && kind === 'quota'))
})

t.test('the name of a model that is none is not kept', async (t) => {
  const { use, pool: p } = pool(['a'])
  use({ model: 'x'.repeat(1_000) }, fault('model_unavailable'))
  t.same(p.restsOf('a'), [])
})

t.test('the first word on a lease counts, and once', async (t) => {
  const { take, pool: p, written } = pool(['a'])
  const lease = take()
  t.equal(p.leases, 1)
  lease.settle({ kind: 'ok' })
  lease.settle(fault('session_invalid'))
  t.equal(p.leases, 0)
  t.match(p.tallyOf('a'), { running: 0, requests: 1, errors: 0 })
  t.same(written, [])
})

t.test('errors are counted with their reason, and a client that leaves is none', async (t) => {
  const { use, pool: p } = pool(['a'])
  use({}, { kind: 'none', reason: null })
  t.match(p.tallyOf('a'), { requests: 1, errors: 0, lastError: null })
  use({}, fault('request', { text: `made up; sessionKey=${cookieOf('a')}` }))
  t.match(p.tallyOf('a'), { errors: 1, lastError: { at: START, reason: 'the request is at fault ("made up; sessionKey=...")' } })
  use({}, { kind: 'none', reason: 'The upstream could not be reached.' })
  t.match(p.tallyOf('a'), { requests: 3, errors: 2, lastError: { reason: /reached/ } })
})

t.test('what runs on a session that is deleted meanwhile leaves no trace of it', async (t) => {
  const { take, pool: p, remove, written, use } = pool(['a', 'b'])
  const leases = [take({ tried: new Set(['b']) }), take({ tried: new Set(['b']) })]
  remove('a')
  p.forget('a')
  t.equal(p.leases, 2, 'they still run')
  leases[0]!.observe(limit())
  leases[0]!.settle(limited(HOUR))
  leases[1]!.settle(fault('session_invalid'))
  t.equal(p.leases, 0)
  t.same(written, [])
  t.same(p.restsOf('a'), [])
  t.match(p.tallyOf('a'), { running: 0, requests: 0, errors: 0, limit: null })
  t.equal(use(), 'b')
})

t.test('a state that cannot be written is logged, and nothing else breaks', async (t) => {
  const { take, lines, sessions } = pool([])
  sessions.push({ row: sessionRow('a'), cookie: cookieOf('a'), previousCookie: null })
  const broken = createSessionPool({
    store: { list: () => sessions, get: () => sessions[0], judge: () => Promise.reject(new Error('disk full')), goBack: async () => {}, touch () {} },
    log: { error: (...line: unknown[]) => { lines.push(line) }, warn () {} },
    affinity: false
  })
  broken.acquire({ model: MODEL }).settle(fault('session_invalid'))
  await turn()
  t.match(lines, [[{ sessionId: 'a', err: { message: 'disk full' } }, /could not be written/]])
  t.equal(typeof take, 'function')
})

t.test('the refusal tells the true earliest time', async (t) => {
  const { use, refusal, clock } = pool(['a', 'b'])
  use({}, limited(HOUR))
  use({}, limited(HOUR / 2))
  t.match(refusal(), { type: 'rate_limit_error', status: 429, code: 'all_sessions_limited', retryAfter: 1_800 })
  clock.now += 60_500
  t.match(refusal(), { retryAfter: 1_740 }, 'rounded up')
})

t.test('whether some session could be lent, and which are fit for use though they rest', async (t) => {
  const { use, pool: p } = pool(['a', 'b'], { rows: { b: { is_active: 0 } } })
  t.equal(p.available, true)
  use({}, limited(HOUR, true))
  t.equal(p.available, true, 'other models can be asked for')
  use({ model: OTHER_MODEL }, limited(HOUR))
  t.equal(p.available, false)
  t.same(p.usable().map(({ row }) => row.id), ['a'], 'what its plan offers stays what it is')
})
