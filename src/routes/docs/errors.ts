import { errorBody, errorStatus, GatewayError, type Envelope, type ErrorType, type GatewayErrorOptions } from '../../errors.ts'

/** Examples of the gateway's own errors by their code: what is shown of them in the OpenAPI document, told by the code that tells the real ones. */
const EXAMPLES = {
  invalid_request_error: ['invalid_request_error', 'headers: are larger than 16 KiB together; send fewer or shorter ones.', { status: 431 }],
  invalid_field: ['invalid_request_error', 'name: is required. Send a name of 1 to 100 characters.'],
  invalid_model: ['invalid_request_error', 'model: is required. Send the id of a model, for example "claude-sonnet-5-5".', { code: 'invalid_field', param: 'model' }],
  invalid_id: ['invalid_request_error', 'id: must match pattern. Send an id as the list shows it.', { code: 'invalid_field', param: 'id' }],
  invalid_limit: ['invalid_request_error', 'limit: must match pattern "^[0-9]{1,4}$". Send a number from 1 to 1000.', { code: 'invalid_field', param: 'limit' }],
  unsupported_parameter: ['invalid_request_error', 'n: is not supported. Claude gives one answer to a request: leave it out, or send the request n times.', { param: 'n' }],
  empty_body: ['invalid_request_error', 'body: is empty; send what is to be made.', { param: 'body' }],
  different_workspaces: ['invalid_request_error', 'file_made_up_1, file_made_up_2: were made in different workspaces, and no request can use them together; upload them again.'],
  missing_token: ['authentication_error', 'No token was sent; send it as "Authorization: Bearer <token>" or as "x-api-key: <token>".'],
  invalid_token: ['authentication_error', 'The token is not valid; check that it was copied whole and was issued by this gateway.'],
  token_revoked: ['authentication_error', 'This token has been revoked; ask the gateway\'s admin for a new one.'],
  missing_admin_key: ['authentication_error', 'No admin key was sent; send it as "X-Admin-Key: <key>".'],
  invalid_admin_key: ['authentication_error', 'X-Admin-Key: is not the admin key of this gateway (CCPROXY_ADMIN_KEY).'],
  mode_not_allowed: ['permission_error', 'This token is for api mode only; the request asks for web mode. Change X-Proxy-Mode or use another token.'],
  mode_not_supported: ['permission_error', 'This is served in API mode only, and the request is for web mode; send X-Proxy-Mode: api or use another token.'],
  not_available: ['permission_error', '/v1/agents is not available here: agents, their sessions and their memories belong to a whole workspace, so this gateway cannot keep one token\'s apart from another\'s.'],
  model_not_found: ['not_found_error', 'model: claude-made-up is not available in the plan of this session (pro); choose another model, or use API mode (X-Proxy-Mode: api).', { param: 'model' }],
  batch_not_found: ['not_found_error', 'Message batch not found: msgbatch_made_up'],
  file_not_found: ['not_found_error', 'File not found: file_made_up'],
  skill_not_found: ['not_found_error', 'Skill not found: skill_made_up'],
  response_not_found: ['not_found_error', 'id: there is no response "resp_made_up": none is stored here. Keep what POST /v1/responses answers.', { param: 'id' }],
  token_not_found: ['not_found_error', 'id: no token has this id; GET /api/token/list shows them all.'],
  key_not_found: ['not_found_error', 'id: no key has this id; GET /api/keys/stats shows them all.'],
  session_not_found: ['not_found_error', 'id: no session has this id; GET /api/session/list shows them all.'],
  key_exists: ['invalid_request_error', 'key: the pool has this key already, as key_made_up; it was added before.', { status: 409 }],
  key_not_deletable: ['invalid_request_error', 'id: this key comes from the configuration; remove it from CCPROXY_CLAUDE_API_KEYS and restart, or take it out of use with POST /api/keys/{id}/disable.', { status: 409 }],
  session_exists: ['invalid_request_error', 'session_key: it is stored already, as session_made_up (mine); POST /api/session/{id}/check asks claude.ai about it.', { status: 409 }],
  session_unreadable: ['invalid_request_error', 'id: the stored cookie cannot be decrypted: put the encryption key back (or name it in CCPROXY_STORAGE_OLD_ENCRYPTION_KEYS), or delete the session and add it again.', { status: 409 }],
  request_too_large: ['request_too_large', 'The request body is larger than this route accepts; send a smaller one.'],
  invalid_content_type: ['invalid_request_error', 'content-type: must be multipart/form-data.', { status: 415 }],
  rate_limited: ['rate_limit_error', 'Too many wrong admin keys; try again in 42 s.', { retryAfter: 42 }],
  all_keys_limited: ['rate_limit_error', 'Every upstream key that works is rate limited for claude-sonnet-5-5; the first is free again in 12 s.', { retryAfter: 12 }],
  upstream_unreachable: ['api_error', 'The upstream cannot be reached; try again shortly.', { status: 502 }],
  no_api_keys: ['api_error', 'The gateway has no API key; its operator must set CCPROXY_CLAUDE_API_KEYS or add one.', { status: 503, retryable: false }],
  shutting_down: ['overloaded_error', 'The gateway is shutting down and takes no new requests; try again shortly.', { status: 503, retryAfter: 5 }],
  upstream_timeout: ['timeout_error', 'The upstream did not answer in time.'],
  all_keys_refused: ['overloaded_error', 'The upstream refuses every key of this gateway; the next one is tried in 10 s.', { retryAfter: 10 }]
} satisfies Record<string, [ErrorType, string] | [ErrorType, string, GatewayErrorOptions]>

export type ErrorExample = keyof typeof EXAMPLES

/** Every error in every protocol, by both names, as a document keeps its examples. */
export function toldErrors (): Record<string, { value: object }> {
  const names = Object.keys(EXAMPLES) as ErrorExample[]
  return Object.fromEntries((['anthropic', 'openai', 'admin'] as const).flatMap((envelope) =>
    names.map((name) => [`${envelope}.${name}`, { value: toldError(name, envelope).body }])))
}

/** An error as the protocol of the route tells it. */
export function toldError (name: ErrorExample, envelope: Envelope): { status: number, code: string, body: object } {
  const [type, message, options = {}] = EXAMPLES[name] as [ErrorType, string, GatewayErrorOptions?]
  const error = new GatewayError(type, message, { code: name, ...options })
  return { status: errorStatus(error, envelope), code: error.code, body: errorBody(error, envelope, 'req_made_up') }
}
