import t from 'tap'
import { scopeOf, type Rest } from '../../src/plugins/key-state-store.ts'
import { noSession, type Obstacle } from '../../src/plugins/session-refusal.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const MODEL = 'claude-sonnet-5-5'

function resting (kind: Rest['kind'], seconds: number, model?: string): Obstacle {
  const scope = model === undefined ? 'session:a' : scopeOf('session:a', model)
  return { reason: null, rest: { scope, kind, since: NOW, until: NOW + seconds * 1_000, failures: 0, reason: 'made-up reason' } }
}

const broken = (reason = 'it was deactivated'): Obstacle => ({ reason, rest: undefined })
const tried: Obstacle = { reason: null, rest: undefined }
const refused = (...obstacles: Obstacle[]) => noSession(obstacles, MODEL, NOW)

t.test('without any session the operator is told how to add one', async (t) => {
  t.match(refused(), { type: 'api_error', status: 503, code: 'no_sessions', retryable: false, message: /POST \/api\/session\/add.*X-Proxy-Mode: api/ })
})

t.test('where all it takes is to wait for a limit, the client is told how long', async (t) => {
  t.match(refused(resting('quota', 90), resting('quota', 30.2), broken()), {
    type: 'rate_limit_error', status: 429, code: 'all_sessions_limited', retryAfter: 31, retryable: true, message: /claude-sonnet-5-5.*31 s/
  })
  t.match(refused(resting('quota', 0.001)), { retryAfter: 1 })
})

t.test('a limit that passes goes before a plan that lacks the model', async (t) => {
  t.match(refused(resting('credential', 5, MODEL), resting('quota', 60, MODEL)), { status: 429, retryAfter: 60 })
})

t.test('a model that every plan lacks is not found, and no client need try again', async (t) => {
  t.match(refused(resting('credential', 60, MODEL), resting('credential', 60, MODEL), broken()), {
    type: 'not_found_error', status: 404, code: 'model_not_found', param: 'model', retryable: false, message: /claude-sonnet-5-5.*GET \/v1\/models/
  })
})

t.test('a session that rests for another reason is told with its time', async (t) => {
  t.match(refused(resting('credential', 600), resting('credential', 60, MODEL)), {
    status: 503, code: 'no_usable_session', retryAfter: 60, message: /made-up reason.*GET \/api\/session\/list/
  })
})

t.test('where sessions are broken for good, trying again is of no use', async (t) => {
  t.match(refused(broken(), broken('it has expired')), { status: 503, code: 'no_usable_session', retryable: false, message: /GET \/api\/session\/list/ })
})

t.test('a session that only this request cannot use any more is worth another request', async (t) => {
  for (const obstacles of [[tried], [tried, broken()], [resting('credential', 60, MODEL), tried]]) {
    t.match(refused(...obstacles), { status: 503, code: 'no_usable_session', retryAfter: 1, retryable: true })
  }
})
