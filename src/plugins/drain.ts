import fp from 'fastify-plugin'
import { GatewayError } from '../errors.ts'
import { shutdownError, type Exchanges } from './exchanges.ts'

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
  exchanges: Pick<Exchanges, 'idle' | 'endAll'>
  /** How long running streams may go on, in milliseconds. */
  timeout: number
}

/** The way out: no new work, running streams finish, and what still runs at the deadline ends with an error event. */
export function createDrain ({ exchanges, timeout }: DrainDeps) {
  let running: Promise<void> | null = null

  async function run (): Promise<void> {
    const deadline = setTimeout(() => exchanges.endAll(shutdownError()), timeout)
    await exchanges.idle()
    clearTimeout(deadline)
  }

  return {
    get active (): boolean {
      return running !== null
    },

    /** Resolves when the last exchange has ended, by itself or at the deadline. Calling again joins the drain that runs. */
    start (): Promise<void> {
      running ??= run()
      return running
    }
  }
}

export default fp<{ timeout: number }>(async (app, { timeout }) => {
  const drain = createDrain({ exchanges: app.exchanges, timeout })
  app.decorate('drain', drain)

  app.addHook('onRequest', (request, reply, done) => {
    if (!drain.active) return done()
    reply.header('connection', 'close')
    if (request.routeOptions.config.duringDrain === true) return done()
    done(new GatewayError('overloaded_error', 'The gateway is shutting down and takes no new requests; try again shortly.', {
      status: 503, code: 'shutting_down', retryAfter: 5
    }))
  })
}, { name: 'ccproxy-drain', fastify: '5.x', dependencies: ['ccproxy-exchanges'] })
