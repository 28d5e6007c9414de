import type { GatewayError } from './errors.ts'
import type { RequestRecord } from './request-record.ts'

/** What the server knows of a request, beside its record. */
export interface Told {
  /** pino's number. */
  level: number
  /** One of our own: nothing in it need be escaped. */
  requestId: string
  /** One that Node's parser or Fastify knows: nor in this. */
  method: string
  /** The pattern of the route; undefined where there is none. */
  route: string | undefined
  status: number
}

/**
 * The one line of a request, as pino would write it. It is put together here because pino asks of every field of every line what it is, which made
 * the line the dearest part of a small request; bench/README.md has the figures.
 */
export function requestLine (record: RequestRecord, { level, requestId, method, route, status }: Told): string {
  const { usage, error, startedAt, firstByteAt } = record
  return `{"level":${level},"time":${Date.now()},"reqId":"${requestId}","method":"${method}","route":${quoted(route ?? null)},"status":${status}` +
    `,"tokenId":${quoted(record.tokenId)},"mode":${quoted(record.mode)},"model":${quoted(record.model)},"keyId":${quoted(record.keyId)}` +
    // Of a request that went well at the first try there is nothing to tell.
    (record.trail.length > 1 ? `,"trail":${JSON.stringify(record.trail)}` : '') +
    `,"upstreamRequestId":${quoted(record.upstreamRequestId)}` +
    `,"inputTokens":${count(usage.inputTokens)},"outputTokens":${count(usage.outputTokens)}` +
    `,"cacheReadTokens":${count(usage.cacheReadTokens)},"cacheCreationTokens":${count(usage.cacheCreationTokens)}` +
    `,"ttfbMs":${firstByteAt === null ? null : rounded(firstByteAt - startedAt)},"durationMs":${rounded(performance.now() - startedAt)}` +
    `,"outcome":${quoted(record.outcome)}${error === null ? '' : describeError(error)},"msg":"request"}\n`
}

/** A client's own mistake is told by its code alone, for the message may quote the request; a fault on this side is told with its cause. */
function describeError (error: GatewayError): string {
  const code = error.code === undefined ? '' : `,"error":${quoted(error.code)}`
  if (error.status < 500) return code
  const cause = error.cause instanceof Error ? error.cause : undefined
  const { name, message, stack } = cause ?? {}
  return `${code},"reason":${quoted(error.message)}${cause === undefined ? '' : `,"cause":${JSON.stringify({ name, message, stack })}`}`
}

function quoted (text: string | null): string {
  return text === null ? 'null' : JSON.stringify(text)
}

/** What an upstream counts may be anything. */
function count (tokens: unknown): string {
  return typeof tokens === 'number' && Number.isFinite(tokens) ? String(tokens) : JSON.stringify(tokens ?? null)
}

function rounded (ms: number): number {
  return Math.round(ms * 100) / 100
}
