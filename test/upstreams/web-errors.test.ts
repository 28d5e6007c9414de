import t from 'tap'
import { errorBody, errorStatus } from '../../src/errors.ts'
import { webError, webFaultOf } from '../../src/upstreams/web-faults.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const CONTEXT = { model: 'claude-opus-5', plan: 'claude_free', session: 'session-1', now: NOW }

function told (status: number, error?: object, headers: Record<string, string> = {}, context: object = {}) {
  const bytes = Buffer.from(error === undefined ? '' : JSON.stringify({ type: 'error', error }))
  return webError(webFaultOf({ status, headers, bytes }, NOW)!, { ...CONTEXT, ...context })
}

const permission = (message: string) => ({ type: 'permission_error', message })

t.test('a session that is no good names the operator\'s mend, and is not tried again', async (t) => {
  for (const [message, code] of [
    ['Invalid authorization', 'web_session_dead'],
    ['Invalid authorization for organization', 'web_wrong_organization'],
    ['This organization has been disabled.', 'web_session_disabled']
  ] as const) {
    const error = told(403, permission(message))
    t.match(error, { status: 503, type: 'api_error', code, retryable: false })
    t.match(error.message, /POST \/api\/session\/session-1\/check, or add a new one with POST \/api\/session\/add/)
  }
  t.match(told(403, permission('Invalid authorization'), {}, { session: null }).message, '/api/session/{id}/check')
})

t.test('a model that is not in the plan', async (t) => {
  const error = told(403, permission('This model isn\'t available right now.'))
  t.match(error, { status: 404, type: 'not_found_error', param: 'model', retryable: false })
  t.match(error.message, /claude-opus-5 is not available in the plan of this session \(claude_free\)/)
  t.match(errorBody(error, 'openai', 'req_1'), { error: { code: 'model_not_found', param: 'model' } })
})

t.test('a challenge is told as one, and the session is called fine', async (t) => {
  const error = told(403, undefined, { 'cf-mitigated': 'challenge' })
  t.match(error, { status: 503, code: 'web_challenge', retryable: false })
  t.match(error.message, /browser check; the session is fine\. Use API mode \(X-Proxy-Mode: api\), or run the gateway in another network/)
  t.match(told(302), { status: 503, code: 'web_challenge', message: /redirect/ })
})

t.test('a rate limit says until when, and of what', async (t) => {
  const message = (perModelLimit: boolean) => ({ type: 'rate_limit_error', message: JSON.stringify({ resetsAt: NOW / 1_000 + 90, perModelLimit, representativeClaim: 'five_hour' }) })
  t.match(told(429, message(false)), { status: 429, type: 'rate_limit_error', retryAfter: 90, retryable: true, message: /\(five_hour\); it is free again in 90 s/ })
  t.match(told(429, message(true)).message, 'rate limited for claude-opus-5;')
  t.equal(told(429, message(true), {}, { now: NOW + 100_000 }).retryAfter, 1, 'told late')
  t.match(errorBody(told(429, message(false)), 'openai', 'req_1'), { error: { code: 'rate_limit_exceeded' } }, 'is no lack of quota that has to be paid')
})

t.test('a request that is too long is told in the words that clients act on', async (t) => {
  const error = told(400, { type: 'invalid_request_error', message: 'This conversation is too long to continue.' })
  t.match(error, { status: 400, type: 'invalid_request_error', message: /^prompt is too long/ })
  t.match(errorBody(error, 'openai', 'req_1'), { error: { code: 'context_length_exceeded' } })
})

t.test('a refused request is told in claude.ai\'s own words', async (t) => {
  t.match(told(400, { type: 'invalid_request_error', message: 'timezone: Field required' }),
    { status: 400, message: 'claude.ai refused the request: timezone: Field required', retryable: false })
})

t.test('what is nobody\'s fault here can be tried again', async (t) => {
  t.match(told(404, { type: 'not_found_error', message: 'Not found' }), { status: 502, code: 'web_conversation_gone', retryable: true })
  t.match(told(500), { status: 502, type: 'api_error', message: 'claude.ai failed; it did not say why.', retryable: true })
  const overloaded = told(529, { type: 'overloaded_error', message: 'Overloaded' })
  t.match(overloaded, { status: 529, type: 'overloaded_error' })
  t.equal(errorStatus(overloaded, 'openai'), 503)
})
