import { errors } from 'undici'
import { GatewayError } from '../errors.ts'
import { single } from './headers.ts'
import type { Opening } from './first-event-hold.ts'

/**
 * Says a fault of the connection in the client's terms. The message names no address: who runs the gateway finds the cause in the log.
 * @param answered whether response headers had arrived
 */
export function connectionFault (cause: Error, answered: boolean): GatewayError {
  const code = (cause as NodeJS.ErrnoException).code ?? cause.name
  if (cause instanceof errors.HeadersTimeoutError || cause instanceof errors.BodyTimeoutError || cause.name === 'TimeoutError') {
    const message = answered
      ? 'The upstream sent nothing for too long and was given up; the answer is not complete.'
      : 'The upstream did not begin to answer in time.'
    return new GatewayError('timeout_error', message, { code: 'upstream_timeout', cause })
  }
  if (cause instanceof errors.HTTPParserError || cause instanceof errors.HeadersOverflowError) {
    return new GatewayError('api_error', 'The upstream\'s answer is not valid HTTP.', { status: 502, code: 'upstream_invalid', cause })
  }
  if (/CERT|SELF_SIGNED|ALTNAME|TLS|SSL/.test(code)) {
    return new GatewayError('api_error', `The upstream's certificate is not accepted (${code}).`, { status: 502, code: 'upstream_insecure', cause })
  }
  const message = answered
    ? 'The connection to the upstream broke off; the answer is not complete.'
    : `The upstream could not be reached (${code}).`
  return new GatewayError('api_error', message, { status: 502, code: answered ? 'upstream_reset' : 'upstream_unreachable', cause })
}

/** A stream that was closed, however politely, before it came to its end. */
export function truncatedStream (): GatewayError {
  return new GatewayError('api_error', 'The upstream ended the stream before message_stop; the answer is not complete.', {
    status: 502, code: 'upstream_truncated'
  })
}

/** As many requests run as may. */
export function busy (): GatewayError {
  return new GatewayError('overloaded_error', 'The gateway has as many upstream requests running as it may; try again shortly.', {
    code: 'too_many_requests_running', retryAfter: 1
  })
}

/**
 * An answer that the API cannot have given: passing it on would mislead the client.
 * @param opaque the content of a file, which may be of any type
 */
export function notOurs ({ status, headers }: Pick<Opening, 'status' | 'headers'>, opaque = false): GatewayError | null {
  if (status >= 300 && status < 400) {
    return invalid('upstream_redirect', `The upstream answered with a redirect (${status}), which is never followed`)
  }
  if (status >= 300 || opaque) return null
  const type = single(headers, 'content-type') ?? ''
  if (!/^(?:application\/json|text\/event-stream)\b/.test(type)) {
    return invalid('upstream_content_type', 'The upstream answered with something other than JSON or an event stream')
  }
  const encoding = single(headers, 'content-encoding') ?? 'identity'
  if (encoding !== 'identity' && type.startsWith('text/event-stream')) {
    return invalid('upstream_encoding', 'The upstream sent a compressed stream although it was asked not to')
  }
  return null
}

function invalid (code: string, complaint: string): GatewayError {
  return new GatewayError('api_error', `${complaint}; check CCPROXY_CLAUDE_API_URL.`, { status: 502, code })
}
