import t from 'tap'
import type { SessionOutcome } from '../../src/plugins/session-lease.ts'
import { GatewayError } from '../../src/errors.ts'
import { createRecord } from '../../src/request-record.ts'
import { planWeb } from '../../src/translate/web/web-plan.ts'
import { createStages, type StageDeps, type StageRequest } from '../../src/upstreams/web-stage.ts'
import { messages } from '../helpers/settled.ts'
import { cookieOf, sessionRow } from '../helpers/web.ts'

/** Stages with sessions by these names, of which `unknown` has not been checked. Leases that are not given back are counted in `out`. */
function stages (names: string[], deps: Partial<StageDeps> = {}) {
  const settled: SessionOutcome[] = []
  const out = { count: 0 }
  const lend = (name: string) => {
    out.count++
    const session = { row: sessionRow(name, name === 'unknown' ? { organization_id: null } : {}), cookie: cookieOf(name), previousCookie: null }
    return { session, cookie: session.cookie, observe () {}, settle (outcome: SessionOutcome) { out.count--; settled.push(outcome) } }
  }
  const made = createStages({
    pool: {
      acquire: ({ tried }) => {
        const name = names.find((one) => !tried!.has(one))
        if (name === undefined) throw new GatewayError('api_error', 'made up', { status: 503 })
        return lend(name)
      },
      acquireOne: () => null
    },
    client: { create: () => Promise.reject(new Error('not asked')), upload: () => Promise.reject(new Error('not asked')) },
    conversations: {
      open: async (sessionId, place) => ({ id: 'c', sessionId, place, states: new Map(), busy: true, usedAt: 0 }), claim: () => null, release () {}
    },
    verify: async () => 'claude.ai could not be asked',
    onHeaders () {},
    ...deps
  })
  const body = Buffer.from(messages())
  const gone = new AbortController()
  const request: StageRequest = {
    request: { endpoint: 'messages', tokenId: 'token', query: '', headers: {}, body, model: 'claude-sonnet-5-5', record: createRecord() },
    plan: planWeb(body, 'token'),
    tried: new Set(),
    afresh: false,
    signal: gone.signal
  }
  return { made, request, out, settled, gone }
}

t.test('a conversation begins with a session that is known', async (t) => {
  const { made, request, out } = stages(['a'])
  t.match(await made.enter(request), { place: { cookie: cookieOf('a') }, parent: null, conversation: { sessionId: 'a' } })
  t.equal(out.count, 1, 'it is the caller\'s to give back')
  t.equal(request.request.record.keyId, 'a')
})

t.test('one that cannot be checked now gives way to the next, and is given back', async (t) => {
  const { made, request, out, settled } = stages(['unknown', 'a'])
  t.match(await made.enter(request), { conversation: { sessionId: 'a' } })
  t.equal(out.count, 1)
  t.same(settled, [{ kind: 'none', reason: 'claude.ai could not be asked' }])
})

t.test('where that was the last, the client is told why', async (t) => {
  const { made, request, out } = stages(['unknown'])
  await t.rejects(made.enter(request), { status: 503, code: 'session_unverified', message: /claude\.ai could not be asked/ })
  t.equal(out.count, 0)
})

for (const [what, deps] of [
  ['a verdict that cannot be written down', { verify: () => Promise.reject(new Error('disk full')) }],
  ['a conversation that cannot be written down', {
    verify: async () => null,
    conversations: { open: () => Promise.reject(new Error('disk full')), claim: () => null, release () {} }
  }]
] as Array<[string, Partial<StageDeps>]>) {
  t.test(`${what} costs the request, and not the session`, async (t) => {
    const { made, request, out } = stages([what.includes('verdict') ? 'unknown' : 'a'], deps)
    await t.rejects(made.enter(request), /disk full/)
    t.equal(out.count, 0)
  })
}

t.test('a client that leaves while its session is checked keeps none', async (t) => {
  const { made, request, out, gone } = stages(['unknown', 'a'], { verify: async () => { gone.abort(); return null } })
  t.equal(await made.enter(request), null)
  t.equal(out.count, 0)
})

t.test('a conversation that is held is released where its session is not free', async (t) => {
  const released: unknown[] = []
  const conversation = { id: 'held', sessionId: 'b', place: { cookie: 'x', organizationId: 'o' }, states: new Map(), busy: true, usedAt: 0 }
  const { made, request } = stages(['a'], {
    conversations: {
      open: async (sessionId, place) => ({ ...conversation, id: 'new', sessionId, place }),
      claim: () => ({ conversation, parent: 'p' }),
      release: (one) => { released.push(one) }
    }
  })
  const body = Buffer.from(messages({ messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: 'b' }, { role: 'user', content: 'c' }] }))
  t.match(await made.enter({ ...request, plan: planWeb(body, 'token') }), { conversation: { id: 'new' }, parent: null })
  t.same(released, [conversation])
})
