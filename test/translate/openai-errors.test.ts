import t from 'tap'
import { openaiError, openaiErrorOf, openaiHeaders } from '../../src/translate/openai-errors.ts'

/** What the upstream says, and what a client of the OpenAI protocol hears. */
const TOLD: ReadonlyArray<readonly [status: number, type: string, message: string, told: { status: number, type: string, code: string | null }]> = [
  [400, 'invalid_request_error', 'bad', { status: 400, type: 'invalid_request_error', code: null }],
  [400, 'invalid_request_error', 'prompt is too long: 2 tokens > 1 maximum', { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' }],
  [400, 'invalid_request_error', 'input length and `max_tokens` exceed context limit: 1', { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' }],
  [400, 'invalid_request_error', 'Your credit balance is too low', { status: 400, type: 'insufficient_quota', code: 'insufficient_quota' }],
  [401, 'authentication_error', 'bad', { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' }],
  [402, 'billing_error', 'bad', { status: 402, type: 'insufficient_quota', code: 'insufficient_quota' }],
  [403, 'permission_error', 'bad', { status: 403, type: 'permission_error', code: null }],
  [404, 'not_found_error', 'bad', { status: 404, type: 'invalid_request_error', code: 'model_not_found' }],
  [409, 'conflict_error', 'bad', { status: 409, type: 'invalid_request_error', code: null }],
  [413, 'request_too_large', 'bad', { status: 413, type: 'invalid_request_error', code: 'request_too_large' }],
  [422, 'invalid_request_error', 'bad', { status: 422, type: 'invalid_request_error', code: null }],
  [429, 'rate_limit_error', 'bad', { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' }],
  [429, 'rate_limit_error', 'You have reached your specified API usage limits: spend limit', { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' }],
  [500, 'api_error', 'bad', { status: 500, type: 'server_error', code: null }],
  [504, 'timeout_error', 'bad', { status: 504, type: 'server_error', code: null }],
  [529, 'overloaded_error', 'bad', { status: 503, type: 'server_error', code: null }]
]

for (const [status, type, message, { status: shown, ...error }] of TOLD) {
  t.test(`${status} ${type}: ${message}`, async (t) => {
    const told = openaiErrorOf(status, JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' }))
    t.strictSame(told, { status: shown, error: { message, param: null, ...error } })
    const inStream = openaiError({ status: 0, type, message })
    if (status !== 422) t.strictSame(inStream, told, 'the same where no status was told')
  })
}

t.test('the field that the upstream names is the param', async (t) => {
  for (const [message, param] of [['messages.0.content: Input should be a valid list', 'messages.0.content'], ['max_tokens: 9 > 8', 'max_tokens'], ['odd: x', null]] as const) {
    t.equal(openaiError({ status: 400, type: 'invalid_request_error', message }).error.param, param)
  }
})

t.test('what is no envelope is told in our words', async (t) => {
  for (const body of ['', 'oops', 'null', '[]', '{"error":"x"}', '{"error":{"message":5}}']) {
    t.match(openaiErrorOf(502, body), { status: 502, error: { type: 'server_error', message: 'The upstream answered with status 502 and no message.' } }, body)
  }
})

const NOW = Date.parse('2026-11-20T12:00:00Z')

t.test('rate limits are told in the names and units of OpenAI', async (t) => {
  const reset = (seconds: number) => new Date(NOW + seconds * 1_000).toISOString()
  t.strictSame(openaiHeaders({
    'request-id': 'req_up',
    'retry-after': '7',
    'x-should-retry': 'true',
    'content-type': 'text/plain',
    'anthropic-organization-id': 'secret',
    'set-cookie': ['a=b'],
    'anthropic-ratelimit-requests-limit': '4000',
    'anthropic-ratelimit-requests-remaining': '3999',
    'anthropic-ratelimit-requests-reset': reset(360),
    'anthropic-ratelimit-input-tokens-limit': '100',
    'anthropic-ratelimit-tokens-limit': '200',
    'anthropic-ratelimit-tokens-reset': reset(3_723)
  }, 'req_own', NOW), {
    'x-request-id': 'req_up',
    'request-id': 'req_up',
    'content-type': 'text/plain',
    'retry-after': '7',
    'x-should-retry': 'true',
    'x-ratelimit-limit-requests': '4000',
    'x-ratelimit-remaining-requests': '3999',
    'x-ratelimit-reset-requests': '6m0s',
    'x-ratelimit-limit-tokens': '200',
    'x-ratelimit-reset-tokens': '1h2m3s'
  })
})

t.test('input tokens stand in where tokens are not told; a past reset is now; what is no time is left out', async (t) => {
  const headers = openaiHeaders({
    'anthropic-ratelimit-input-tokens-limit': '100', 'anthropic-ratelimit-input-tokens-reset': '2020-01-01T00:00:00Z', 'anthropic-ratelimit-requests-reset': 'soon'
  }, 'req_own', NOW)
  t.strictSame(headers, { 'x-request-id': 'req_own', 'request-id': 'req_own', 'x-ratelimit-limit-tokens': '100', 'x-ratelimit-reset-tokens': '0s' })
})
