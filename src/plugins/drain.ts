import fp from 'fastify-plugin'
import { GatewayError } from '../errors.ts'
import { shutdownError } from './exchanges.ts'

declare module 'fastify' {
  interface FastifyInstance {
    drain: Drain
  }
  interface FastifyContextConfig {
    /** The route goes on answering while the gateway drains. */
    duringDrain?: boolean
  }
}

export type Drain = ReturnType<typeof createDrain>

interface DrainDeps {
  /** Ends every running answer with an error. */
  endAll: (error: GatewayError) => void
  /** How long running requests may go on, in milliseconds. */
  timeout: number
}

/** How long clients may take to read the error that ends their answer, in milliseconds. */
const LAST_WORDS = 6_000

/** The way out: no new work, running requests finish, and what still runs at the deadline ends with an error event. */
export function createDrain ({ endAll, timeout }: DrainDeps) {
  let open = 0
  let running: Promise<void> | null = null
  let finish: (() => void) | null = null

  function begin (): Promise<void> {
    return new Promise((resolve) => {
      if (open === 0) return resolve()
      // Not unref'ed: the process must live to tell its last clients.
      let timer = setTimeout(() => {
        timer = setTimeout(() => finish?.(), LAST_WORDS)
        endAll(shutdownError())
      }, timeout)
      finish = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  return {
    get active (): boolean {
      return running !== null
    },

    /** A request has arrived. */
    enter (): void {
      open++
    },

    /** Its response has closed. */
    leave (): void {
      if (--open === 0) finish?.()
    },

    /** Resolves when the last request has ended, by itself or after the deadline. Calling again joins the drain that runs. */
    start (): Promise<void> {
      running ??= begin()
      return running
    }
  }
}

export default fp<{ timeout: number }>(async (app, { timeout }) => {
  const drain = createDrain({ endAll: app.exchanges.endAll, timeout })
  app.decorate('drain', drain)

  app.addHook('onRequest', (request, reply, done) => {
    // Counted from the first byte on: a request whose body is still on its way has no exchange yet.
    drain.enter()
    reply.raw.on('close', drain.leave)
    if (!drain.active) return done()
    reply.header('connection', 'close')
    if (request.routeOptions.config.duringDrain === true) return done()
    done(new GatewayError('overloaded_error', 'The gateway is shutting down and takes no new requests; try again shortly.', {
      status: 503, code: 'shutting_down', retryAfter: 5
    }))
  })
}, { name: 'ccproxy-drain', fastify: '5.x', dependencies: ['ccproxy-exchanges'] })
