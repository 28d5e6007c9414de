import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { symbols, type Logger } from 'pino'
import { requestLine } from '../request-line.ts'
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

/** pino's level numbers. */
const LEVELS = { debug: 20, info: 30 } as const

/** A line of pino's goes to its stream; a logger that is none of pino's has none. */
type LineLogger = Pick<Logger, 'isLevelEnabled'> & { [symbols.streamSym]?: { write (line: string): void } }

/** One line per request, written when the raw response closes: that comes also when the client aborts, which `onResponse` does not. */
export default fp(async (app) => {
  const log = app.log as unknown as LineLogger
  const lines = log[symbols.streamSym]

  function writeLine (request: FastifyRequest, reply: FastifyReply): void {
    const { config, url } = request.routeOptions
    const level = config.quiet === true ? 'debug' : 'info'
    if (lines === undefined || !log.isLevelEnabled(level)) return
    lines.write(requestLine(request.record, {
      level: LEVELS[level],
      requestId: request.id,
      method: request.method,
      route: url,
      // 499 is nginx's word for a client that left before it was told anything.
      status: reply.raw.headersSent ? reply.raw.statusCode : 499
    }))
  }

  // @ts-expect-error decorated per request: the hook below sets it before anything can read it
  app.decorateRequest('record', null)
  app.addHook('onRequest', (request, reply, done) => {
    request.record = createRecord()
    reply.raw.on('close', () => writeLine(request, reply))
    done()
  })
}, { name: 'ccproxy-request-log', fastify: '5.x' })
