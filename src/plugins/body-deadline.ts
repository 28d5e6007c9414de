import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { errorBody, errorHeaders, GatewayError } from '../errors.ts'

/** A request whose body is on its way. */
interface Waiting {
  request: FastifyRequest
  reply: FastifyReply
  /** Epoch milliseconds. */
  since: number
  /** Its place among all that wait. */
  at: number
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null when no body is waited for. */
    waitsForBody: Waiting | null
  }
  interface FastifyContextConfig {
    /** The route streams its body and times it itself. */
    longBody?: boolean
  }
}

/** Time to receive an ordinary request, long enough for 32 MiB over a slow line; in milliseconds. */
const DEADLINE = 120_000
/** How often it is looked for requests that are late, in milliseconds. */
const SWEEP = 5_000

export type BodyDeadline = ReturnType<typeof createBodyDeadline>

/**
 * Ends requests whose body does not arrive in time. Node's own limit is for all requests, and large files take longer than anything else may.
 * One timer serves all of them.
 */
export function createBodyDeadline ({ deadline = DEADLINE, clock = Date.now }: { deadline?: number, clock?: () => number } = {}) {
  /** In no order: the last one takes the place of one that leaves. No map, for every request passes here. */
  const all: Waiting[] = []

  function leave (one: Waiting): void {
    one.request.waitsForBody = null
    const last = all.pop()!
    if (last === one) return
    all[one.at] = last
    last.at = one.at
  }

  return {
    expect (request: FastifyRequest, reply: FastifyReply): void {
      request.waitsForBody = { request, reply, since: clock(), at: all.length }
      all.push(request.waitsForBody)
    },

    /** The body is here. */
    arrived ({ waitsForBody }: FastifyRequest): void {
      if (waitsForBody !== null) leave(waitsForBody)
    },

    /** Ends what is late, and forgets what has ended: to be told of that would cost every request a listener. */
    sweep (): void {
      const latest = clock() - deadline
      for (const one of [...all]) {
        const { request, reply, since } = one
        const isOver = reply.raw.destroyed || reply.raw.writableEnded
        if (!isOver && since > latest) continue
        leave(one)
        if (!isOver) refuse(request, reply)
      }
    }
  }
}

function refuse (request: FastifyRequest, reply: FastifyReply): void {
  const error = new GatewayError('timeout_error', 'The request did not arrive in time; send it again.', { status: 408, code: 'body_timeout' })
  request.record.error = error
  // Fastify still waits for the body: what it says when the connection ends is for nobody.
  reply.hijack()
  const body = JSON.stringify(errorBody(error, 'anthropic', request.id))
  reply.raw.writeHead(error.status, {
    ...errorHeaders(error, 'anthropic', request.id), 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body), connection: 'close'
  })
  reply.raw.end(body, () => request.raw.socket.destroy())
}

export default fp<{ deadline?: number, clock?: () => number, sweep?: number }>(async (app, { sweep = SWEEP, ...options }) => {
  const bodies = createBodyDeadline(options)
  app.decorateRequest('waitsForBody', null)
  app.addHook('onRequest', (request, reply, done) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
    if ((length === undefined || length === '0') && encoding === undefined) return done()
    if (request.routeOptions.config.longBody === true) return done()
    bodies.expect(request, reply)
    done()
  })
  app.addHook('preValidation', (request, _reply, done) => {
    bodies.arrived(request)
    done()
  })
  const timer = setInterval(bodies.sweep, sweep).unref()
  app.addHook('onClose', async () => clearInterval(timer))
}, { name: 'ccproxy-body-deadline', fastify: '5.x', dependencies: ['ccproxy-request-log'] })
