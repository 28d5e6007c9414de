import { openaiError } from './translate/openai-errors.ts'

/**
 * Every error the gateway raises itself, and the three envelopes it is shown in.
 * What an upstream says is never rebuilt here: it reaches the client byte for byte.
 */

/** Anthropic's names for the kinds of error (`error.type` on the wire). Source: Anthropic API errors page. */
export type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'api_error'
  | 'timeout_error'
  | 'overloaded_error'

/** The protocol in which an error is told: it belongs to the route, not to the error. */
export type Envelope = 'anthropic' | 'openai' | 'admin'

const STATUS: Record<ErrorType, number> = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529
}

/** An upstream's name for the kind of an error, where it is one that we know; everything else is a fault of the upstream. */
export function errorType (name: string | undefined): ErrorType {
  return name !== undefined && Object.hasOwn(STATUS, name) ? name as ErrorType : 'api_error'
}

export interface GatewayErrorOptions {
  /** HTTP status, where it is not the usual one of the type. */
  status?: number
  /** Machine-readable reason in snake_case; the `code` of the OpenAI and admin envelopes. Defaults to the type. */
  code?: string
  /** The field at fault, for the OpenAI envelope's `param`. */
  param?: string
  /** Seconds until a retry can succeed; sent as `retry-after`. */
  retryAfter?: number
  /** Whether sending the same again can help. By default it can after 429 and faults of the server. */
  retryable?: boolean
  cause?: unknown
}

/** An error with a message meant for the client: it names what is wrong and how to mend it, and holds no secret. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly type: ErrorType
  readonly status: number
  readonly code: string
  readonly param: string | null
  readonly retryAfter: number | undefined
  readonly retryable: boolean

  constructor (type: ErrorType, message: string, options: GatewayErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.type = type
    this.status = options.status ?? STATUS[type]
    this.code = options.code ?? type
    this.param = options.param ?? null
    this.retryAfter = options.retryAfter
    this.retryable = options.retryable ?? (this.status >= 500 || this.status === 429)
  }
}

/** The status that goes with it: OpenAI's clients do not know Anthropic's own. */
export function errorStatus (error: GatewayError, envelope: Envelope): number {
  return envelope === 'openai' ? openaiError(error).status : error.status
}

/** The body that tells `error` in the given protocol. */
export function errorBody (error: GatewayError, envelope: Envelope, requestId: string): object {
  switch (envelope) {
    case 'anthropic':
      return { type: 'error', error: { type: error.type, message: error.message }, request_id: requestId }
    case 'openai':
      return { error: openaiError(error).error }
    case 'admin':
      return { error: { code: error.code, message: error.message } }
  }
}

/**
 * The headers that go with it. `x-should-retry: false` keeps clients from trying again and again what cannot succeed: without it, Claude Code
 * is silent for minutes over a refused token. Source: Anthropic SDKs, `shouldRetry`.
 */
export function errorHeaders (error: GatewayError, envelope: Envelope, requestId: string): Record<string, string> {
  const headers: Record<string, string> = { 'request-id': requestId }
  if (envelope === 'openai') headers['x-request-id'] = requestId
  if (error.retryAfter !== undefined) headers['retry-after'] = String(error.retryAfter)
  if (!error.retryable) headers['x-should-retry'] = 'false'
  return headers
}

/** A complaint of the schema validator; `parentSchema` is there because the validator is asked to be verbose. */
interface Complaint {
  instancePath: string
  keyword: string
  params: Record<string, unknown>
  message?: string
  parentSchema?: { description?: string, properties?: Record<string, { description?: string }> }
}

/** What Fastify's own errors look like, as far as they are read here. */
interface FrameworkError {
  code?: string
  statusCode?: number
  message?: string
  validation?: readonly Complaint[]
  validationContext?: string
}

/**
 * Turns anything thrown inside Fastify into an error fit for a client.
 * Unknown faults become a bare 500: their message may hold a secret, so it goes to the log only.
 */
export function toGatewayError (thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as FrameworkError
  if (error.validation !== undefined) return validationError(error)
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new GatewayError('request_too_large', 'The request body is larger than this route accepts; send a smaller one.', { cause: thrown })
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new GatewayError('invalid_request_error', 'content-type: must be application/json.', { code: 'invalid_content_type', param: 'content-type', cause: thrown })
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new GatewayError('invalid_request_error', 'body: is empty; send a JSON object.', { code: 'empty_body', param: 'body', cause: thrown })
  }
  const status = error.statusCode ?? 500
  if (status >= 400 && status < 500) {
    return new GatewayError('invalid_request_error', error.message ?? 'The request could not be read.', { status, cause: thrown })
  }
  return new GatewayError('api_error', 'The gateway met an internal error; its log has the details under this request id.', { cause: thrown })
}

/** Names the field and the mend for the first complaint of the schema validator. A field's description is its mend. */
function validationError (error: FrameworkError): GatewayError {
  const complaint = error.validation?.[0]
  const place = error.validationContext ?? 'body'
  if (complaint === undefined) return new GatewayError('invalid_request_error', `${place}: is not valid.`, { code: 'invalid_field', param: place })
  const path = complaint.instancePath.slice(1).replaceAll('/', '.')
  const child = complaint.params['missingProperty'] ?? complaint.params['additionalProperty']
  const field = [path, child].filter((part) => part !== undefined && part !== '').join('.') || place
  const schema = child === undefined ? complaint.parentSchema : complaint.parentSchema?.properties?.[String(child)]
  const mend = schema?.description === undefined ? '' : ` ${schema.description}.`
  return new GatewayError('invalid_request_error', `${field}: ${whatIsWrong(complaint)}.${mend}`, { code: 'invalid_field', param: field, cause: error })
}

function whatIsWrong ({ keyword, params, message }: Complaint): string {
  if (keyword === 'required') return 'is required'
  if (keyword === 'additionalProperties') return 'is not a field of this request'
  if (keyword === 'enum') return `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`
  return message ?? 'is not valid'
}
