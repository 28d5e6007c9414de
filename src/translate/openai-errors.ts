/** Errors and limits as clients of the OpenAI protocol are told of them. Source: `openai` 7.57, and what Codex 0.169 and LangChain 1.6 act on. */

/** The `error` of the envelope. */
export interface OpenaiError {
  message: string
  type: string
  param: string | null
  code: string | null
}

/** What is known of an error, of the upstream's or our own. */
export interface KnownError {
  /** 0 where it came in the middle of a stream. */
  status: number
  /** Anthropic's name for its kind. */
  type: string
  message: string
  /** Our own code for it; an upstream has none. */
  code?: string
  param?: string | null
}

/** HTTP statuses that go with Anthropic's types, for errors that came without one. Source: Anthropic API errors page. */
const STATUS: Record<string, number> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529
}
/** Source: the wording of the API's 400, which Claude Code 2.1.330 recognises too. */
const TOO_LONG = /prompt is too long|exceed context limit|maximum context length/
const NO_QUOTA = /credit balance is too low|spend(?:ing)? limit|usage limit/
const MESSAGES_NAMES = /^(?:messages|system|tools|max_tokens|stop_sequences|thinking|output_config|temperature|top_p|tool_choice|model)\b[\w.]*/

/** The status and the envelope's `error`. Statuses that are Anthropic's own become the nearest of HTTP's. */
export function openaiError ({ status, type, message, code, param = null }: KnownError): { status: number, error: OpenaiError } {
  const known = status || (STATUS[type] ?? 500)
  const told = { message, param: param ?? paramIn(known, message) }
  if (known === 402 || NO_QUOTA.test(message)) return { status: known, error: { ...told, type: 'insufficient_quota', code: 'insufficient_quota' } }
  if (known >= 500) return { status: known === 529 ? 503 : known, error: { ...told, type: 'server_error', code: code ?? null } }
  switch (known) {
    case 401: return { status: known, error: { ...told, type: 'invalid_request_error', code: 'invalid_api_key' } }
    case 403: return { status: known, error: { ...told, type: 'permission_error', code: code ?? null } }
    case 404: return { status: known, error: { ...told, type: 'invalid_request_error', code: code ?? 'model_not_found' } }
    case 413: return { status: known, error: { ...told, type: 'invalid_request_error', code: 'request_too_large' } }
    case 429: return { status: known, error: { ...told, type: 'rate_limit_error', code: 'rate_limit_exceeded' } }
    default: return { status: known, error: { ...told, type: 'invalid_request_error', code: TOO_LONG.test(message) ? 'context_length_exceeded' : code ?? null } }
  }
}

/** The upstream names the field of a Messages request at the beginning of its message. */
function paramIn (status: number, message: string): string | null {
  return status === 400 ? MESSAGES_NAMES.exec(message)?.[0] ?? null : null
}

/** Reads an error's body. What is no envelope is told in our own words. */
export function openaiErrorOf (status: number, body: string): { status: number, error: OpenaiError } {
  const { type, message } = envelopeIn(body)
  return openaiError({
    status,
    type: typeof type === 'string' ? type : 'api_error',
    message: typeof message === 'string' ? message : `The upstream answered with status ${status} and no message.`
  })
}

function envelopeIn (body: string): { type?: unknown, message?: unknown } {
  try {
    return (JSON.parse(body) as { error?: object } | null)?.error ?? {}
  } catch {
    return {}
  }
}

/** Headers of Node or undici, names in lower case. */
type Headers = Record<string, string | string[] | undefined>

/**
 * The upstream's headers as OpenAI's clients know them: the id of the request, when to come back, and what is left of the rate limits.
 * @param requestId ours, where the upstream gave none
 * @param now epoch milliseconds; the time until a reset is told as a duration
 */
export function openaiHeaders (upstream: Headers, requestId: string, now: number): Record<string, string> {
  const id = first(upstream['request-id']) ?? requestId
  const headers: Record<string, string> = { 'x-request-id': id, 'request-id': id }
  for (const name of ['content-type', 'content-length', 'retry-after', 'retry-after-ms', 'x-should-retry']) {
    const value = first(upstream[name])
    if (value !== undefined) headers[name] = value
  }
  for (const [theirs, ours] of [['requests', 'requests'], ['tokens', 'tokens'], ['input-tokens', 'tokens']] as const) {
    for (const part of ['limit', 'remaining', 'reset']) {
      const value = first(upstream[`anthropic-ratelimit-${theirs}-${part}`])
      const told = part === 'reset' ? durationUntil(value, now) : value
      if (told !== undefined) headers[`x-ratelimit-${part}-${ours}`] ??= told
    }
  }
  return headers
}

/** @param time RFC 3339 @returns as OpenAI writes durations: `1h2m3s`, `6m0s`, `1s` */
function durationUntil (time: string | undefined, now: number): string | undefined {
  const until = Date.parse(time ?? '')
  if (Number.isNaN(until)) return undefined
  const seconds = Math.max(0, Math.ceil((until - now) / 1_000))
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  if (hours > 0) return `${hours}h${minutes}m${seconds % 60}s`
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`
}

function first (value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}
