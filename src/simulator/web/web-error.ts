/** The refusals of claude.ai. They are told apart from the API's: some are no JSON at all, and none says whether to retry. */

const STATUS = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  overloaded_error: 529
} as const

export type WebErrorType = keyof typeof STATUS

/** An answer of claude.ai that is not 2xx. */
export class WebError extends Error {
  statusCode: number
  /** Text goes out as it is; an object as JSON. */
  readonly body: string | object
  readonly headers: Record<string, string>

  constructor (statusCode: number, body: string | object, headers: Record<string, string> = {}) {
    super(`claude.ai answers ${statusCode}`)
    this.statusCode = statusCode
    this.body = body
    this.headers = headers
  }
}

export interface RefusalExtras { details?: object, headers?: Record<string, string>, status?: number }

/** A refusal in the usual envelope. */
export function refusal (type: WebErrorType, message: string, more: RefusalExtras = {}): WebError {
  const { details, headers, status = STATUS[type] } = more
  return new WebError(status, { type: 'error', error: { type, message, ...details !== undefined && { details } }, request_id: null }, headers)
}

/** What an expired, revoked or missing session gets. */
export const sessionInvalid = () => refusal('permission_error', 'Invalid authorization', {
  details: { error_code: 'account_session_invalid', error_visibility: 'user_facing' }
})

export const unauthenticated = () => refusal('authentication_error', 'Invalid authorization')

export const wrongOrganization = () => refusal('permission_error', 'Invalid authorization for organization')

export const modelNotInPlan = () => refusal('permission_error',
  'This model isn\'t available right now. You can switch to another model to continue your conversation.')

export const unknownModel = () => refusal('permission_error', 'Invalid model', { details: { error_code: 'model_not_allowed' } })

export const disabledOrganization = () => refusal('invalid_request_error', 'This organization has been disabled.')

export const conversationNotFound = () => refusal('not_found_error', 'Conversation not found', { details: { error_code: 'conversation_not_found' } })

/** What a bot check answers: the session is fine. */
export const challenge = () => new WebError(403,
  '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>Enable JavaScript and cookies to continue</body></html>\n',
  { 'content-type': 'text/html; charset=UTF-8', 'cf-mitigated': 'challenge' })

export const emptyRefusal = () => new WebError(400, '')
