/** Anthropic's errors as the API itself tells them. They are kept apart from the gateway's own, which must not vouch for themselves. */

const STATUS = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  overloaded_error: 529
} as const

export type ApiErrorType = keyof typeof STATUS

/** The kinds that go away by themselves, for which the API sends `x-should-retry: true`. */
const PASSING = new Set<ApiErrorType>(['rate_limit_error', 'api_error', 'overloaded_error'])

/** An answer of the API that is not 2xx. The status follows from the type; the headers come on top of those that every answer has. */
export class ApiError extends Error {
  readonly type: ApiErrorType
  /** A field of its own, because Fastify assigns it on errors that come from a schema. */
  statusCode: number
  readonly headers: Record<string, string>

  constructor (type: ApiErrorType, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.type = type
    this.statusCode = STATUS[type]
    this.headers = { 'x-should-retry': String(PASSING.has(type)), ...headers }
  }

  /** The envelope, which is the body of an answer and the data of an `error` event alike. */
  toBody (requestId: string): object {
    return { type: 'error', error: { type: this.type, message: this.message }, request_id: requestId }
  }
}
