import fp from 'fastify-plugin'
import { GatewayError } from '../errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    exchanges: Exchanges
  }
}

/** A running request with its answer, as far as the registry drives it. */
export interface Exchange {
  /** One beat of the shared clock. */
  tick (): void
  /** Ends the exchange with an error, in whatever state it is. */
  fail (error: GatewayError): void
}

export type Exchanges = ReturnType<typeof createExchanges>

/** Length of one beat of the clock that all exchanges share, in milliseconds. */
export const TICK = 1_000

/** The registry of running exchanges: who must be told when a token is revoked, the process drains, or a stream falls silent. */
export function createExchanges () {
  const byToken = new Map<string, Set<Exchange>>()
  let size = 0

  function * all (): Generator<Exchange> {
    for (const exchanges of byToken.values()) yield * exchanges
  }

  return {
    /** How many exchanges are running. */
    get size (): number {
      return size
    },

    add (tokenId: string, exchange: Exchange): void {
      let exchanges = byToken.get(tokenId)
      if (exchanges === undefined) byToken.set(tokenId, exchanges = new Set())
      exchanges.add(exchange)
      size++
    },

    remove (tokenId: string, exchange: Exchange): void {
      const exchanges = byToken.get(tokenId)
      if (!exchanges?.delete(exchange)) return
      if (exchanges.size === 0) byToken.delete(tokenId)
      size--
    },

    /** Ends every running exchange of one token. */
    endAllOf (tokenId: string, error: GatewayError): void {
      for (const exchange of [...byToken.get(tokenId) ?? []]) exchange.fail(error)
    },

    /** Ends every running exchange. */
    endAll (error: GatewayError): void {
      for (const exchange of [...all()]) exchange.fail(error)
    },

    tick (): void {
      for (const exchange of all()) exchange.tick()
    }
  }
}

/** The error that tells a client its answer was cut because the gateway stops. */
export function shutdownError (): GatewayError {
  return new GatewayError('overloaded_error', 'The gateway is shutting down; send the request again.', {
    status: 503, code: 'shutting_down', retryAfter: 5
  })
}

export default fp(async (app) => {
  const exchanges = createExchanges()
  app.decorate('exchanges', exchanges)
  const clock = setInterval(() => exchanges.tick(), TICK).unref()
  // Fastify waits for open streams without end; whoever wants them to finish drains before closing.
  app.addHook('preClose', async () => exchanges.endAll(shutdownError()))
  app.addHook('onClose', async () => clearInterval(clock))
}, { name: 'ccproxy-exchanges', fastify: '5.x' })
