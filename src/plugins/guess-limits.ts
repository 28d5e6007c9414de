import rateLimit from '@fastify/rate-limit'
import fp from 'fastify-plugin'
import type { FastifyInstance, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    createGuessLimits: (options: GuessLimitOptions) => GuessLimits
  }
}

export interface GuessLimitOptions {
  /** Wrong guesses that one address has in a window. IPv6 addresses of one /64 count as one. */
  perAddress: number
  /** Wrong guesses that all addresses together have in a window: whoever guesses from many addresses is bounded by this. */
  overall: number
  /** Length of the window, in milliseconds; a minute by default. */
  window?: number
}

export type GuessLimits = ReturnType<typeof createGuessLimits>

const MINUTE = 60_000

/** Counts wrong guesses at a secret, per address and over all of them. A fault of the counter is thrown, never taken for a yes. */
export function createGuessLimits (app: Pick<FastifyInstance, 'createRateLimit'>, { perAddress, overall, window = MINUTE }: GuessLimitOptions) {
  const address = app.createRateLimit({ max: perAddress, timeWindow: window, skipOnError: false })
  const everyone = app.createRateLimit({ max: overall, timeWindow: window, skipOnError: false, keyGenerator: () => 'everyone' })
  const limits = [address, everyone]

  return {
    /**
     * Whether another guess may be made. Counts nothing.
     * @returns seconds until the next may be made, or undefined when it may be made now
     */
    async wait (request: FastifyRequest): Promise<number | undefined> {
      for (const limit of limits) {
        const state = await limit(request, { increment: false })
        if (!state.isAllowed && state.remaining === 0) return seconds(state.ttl)
      }
      return undefined
    },

    /**
     * Counts a wrong guess. An address over its own limit does not use up the one that all share.
     * @returns seconds until the next may be made, when this one was too many
     */
    async count (request: FastifyRequest): Promise<number | undefined> {
      for (const limit of limits) {
        const state = await limit(request)
        if (!state.isAllowed && state.isExceeded) return seconds(state.ttl)
      }
      return undefined
    }
  }
}

/** A `retry-after` of 0 would invite the next try at once. */
function seconds (ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000))
}

export default fp(async (app) => {
  await app.register(rateLimit, { global: false })
  app.decorate('createGuessLimits', (options: GuessLimitOptions) => createGuessLimits(app, options))
}, { name: 'ccproxy-guess-limits', fastify: '5.x' })
