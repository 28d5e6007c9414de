import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { GatewayError } from '../errors.ts'
import { createRecord, type RequestRecord } from '../request-record.ts'

declare module 'fastify' {
  interface FastifyRequest {
    record: RequestRecord
  }
  interface FastifyContextConfig {
    /** Requests of this route are logged at debug level: probes would drown the rest. */
    quiet?: boolean
  }
}

/** One line per request, written when the raw response closes: that comes also when the client aborts, which `onResponse` does not. */
export default fp(async (app) => {
  // @ts-expect-error decorated per request: the hook below sets it before anything can read it
  app.decorateRequest('record', null)
  app.addHook('onRequest', (request, reply, done) => {
    request.record = createRecord()
    reply.raw.on('close', () => writeLine(request, reply))
    done()
  })
}, { name: 'ccproxy-request-log', fastify: '5.x' })

function writeLine (request: FastifyRequest, reply: FastifyReply): void {
  const record = request.record
  const now = performance.now()
  const level = request.routeOptions.config.quiet === true ? 'debug' : 'info'
  // The application's logger: to make one for the request would cost more than the line.
  request.server.log[level]({
    reqId: request.id,
    method: request.method,
    route: request.routeOptions.url ?? null,
    // 499 is nginx's word for a client that left before it was told anything.
    status: reply.raw.headersSent ? reply.raw.statusCode : 499,
    tokenId: record.tokenId,
    mode: record.mode,
    model: record.model,
    keyId: record.keyId,
    // Of a request that went well at the first try there is nothing to tell.
    trail: record.trail.length > 1 ? record.trail : undefined,
    upstreamRequestId: record.upstreamRequestId,
    inputTokens: record.usage.inputTokens,
    outputTokens: record.usage.outputTokens,
    cacheReadTokens: record.usage.cacheReadTokens,
    cacheCreationTokens: record.usage.cacheCreationTokens,
    ttfbMs: record.firstByteAt === null ? null : rounded(record.firstByteAt - record.startedAt),
    durationMs: rounded(now - record.startedAt),
    outcome: record.outcome,
    error: record.error?.code,
    ...(record.error === null ? undefined : describeFault(record.error))
  }, 'request')
}

/** A client's own mistake is told by its code alone, for the message may quote the request; a fault on this side is told with its cause. */
function describeFault (error: GatewayError): object | undefined {
  if (error.status < 500) return undefined
  const cause = error.cause instanceof Error ? error.cause : undefined
  return { reason: error.message, cause: cause && { name: cause.name, message: cause.message, stack: cause.stack } }
}

function rounded (ms: number): number {
  return Math.round(ms * 100) / 100
}
