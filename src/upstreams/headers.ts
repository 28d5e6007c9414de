import type { IncomingHttpHeaders } from 'node:http'

/**
 * Which headers cross the gateway. Both directions are allow-lists: a header nobody thought of stays outside, which keeps credentials,
 * cookies, forwarding headers and hop-by-hop names from ever crossing. `anthropic-*` and `x-claude-code-*` are open lists by contract.
 * Source: Claude Code gateway protocol; RFC 9110, section 7.6.1.
 */
const REQUEST_NAMES = new Set(['accept', 'content-type', 'user-agent', 'x-app', 'traceparent', 'tracestate'])
const REQUEST_PREFIXES = ['anthropic-', 'x-claude-code-', 'x-stainless-']
const RESPONSE_NAMES = new Set([
  'content-type', 'content-length', 'content-encoding', 'content-disposition', 'request-id', 'retry-after', 'retry-after-ms', 'x-should-retry',
  // Our own, of an upstream that is asked by way of a translation.
  'x-ccproxy-ignored', 'x-ccproxy-usage'
])
const RESPONSE_PREFIXES = ['anthropic-']

/** The client's headers that go upstream, without the credential: the caller adds that after, so that nothing of the client's can remove it. */
export function forwardedRequestHeaders (headers: IncomingHttpHeaders): Record<string, string> {
  return pick(headers, REQUEST_NAMES, REQUEST_PREFIXES) as Record<string, string>
}

/**
 * Headers of a request to the Anthropic API: those of the client that may cross, with a key of the pool.
 * @param length of the body in bytes, where undici cannot see it
 */
export function upstreamHeaders (headers: IncomingHttpHeaders, key: string, length?: number): Record<string, string> {
  const forwarded = forwardedRequestHeaders(headers)
  // Plain bytes, so that usage can be read and pings and errors can be put between events.
  forwarded['accept-encoding'] = 'identity'
  forwarded['x-api-key'] = key
  if (length !== undefined) forwarded['content-length'] = String(length)
  return forwarded
}

/** The upstream's headers that go back to the client. */
export function forwardedResponseHeaders (headers: IncomingHttpHeaders): Record<string, string | string[]> {
  return pick(headers, RESPONSE_NAMES, RESPONSE_PREFIXES)
}

function pick (headers: IncomingHttpHeaders, names: Set<string>, prefixes: string[]): Record<string, string | string[]> {
  const hopByHop = connectionNames(headers.connection)
  const picked: Record<string, string | string[]> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined || hopByHop?.has(name)) continue
    if (names.has(name) || startsWithOneOf(name, prefixes)) picked[name] = value
  }
  return picked
}

/** A header's value; the first, where an upstream sends it more than once. */
export function single (headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.[0]
}

function startsWithOneOf (name: string, prefixes: string[]): boolean {
  for (const prefix of prefixes) {
    if (name.startsWith(prefix)) return true
  }
  return false
}

/** The names that the `Connection` header declares to be meant for this hop only. */
function connectionNames (connection: string | string[] | undefined): Set<string> | null {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return null
  const text = typeof connection === 'string' ? connection : connection.join(',')
  return new Set(text.toLowerCase().split(',').map((name) => name.trim()))
}
