import { createHash } from 'node:crypto'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import { GatewayError } from '../errors.ts'
import { isoTime, nullableIsoTime } from '../time.ts'
import type { AttemptOutcome } from '../upstreams/faults.ts'
import { ANY_MODEL, createMemoryKeyStateStore, type KeyState, type KeyStateStore } from './key-state-store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    keyPool: KeyPool
  }
}

/** Refusals in a row after which a key leaves the pool. */
const FAILURE_LIMIT = 3
/** How long a key is out at first, in milliseconds; every further refusal doubles it. */
const FIRST_PAUSE = 30_000
/** No key is out, and no model rests, for longer than this, in milliseconds: an upstream's word can be days off. */
const LONGEST_PAUSE = 30 * 60_000
/** Rest after a 429 that names no time, in milliseconds. */
const DEFAULT_REST = 30_000

export type KeyConfig = Config['claude']['api_keys'][number]

/** A key lent out for one attempt. It must be settled; settling twice does nothing. */
export interface Lease {
  readonly keyId: string
  /** The secret itself: it goes into one upstream header and nowhere else. */
  readonly key: string
  settle (outcome: AttemptOutcome): void
}

interface PoolKey {
  readonly id: string
  readonly secret: string
  readonly name: string
  requests: number
  errors: number
  leases: number
  lastUsed: number | null
  lastError: number | null
  lastErrorReason: string | null
  /** A key that comes back is tried by one request first. */
  probing: boolean
}

export type KeyPool = ReturnType<typeof createKeyPool>

export interface KeyPoolDeps {
  keys: readonly KeyConfig[]
  strategy: Config['claude']['key_strategy']
  /** Epoch milliseconds. */
  clock?: () => number
  /** Uniform in [0, 1). */
  random?: () => number
  store?: KeyStateStore
}

/** The pool of API keys: lends a key for one attempt and learns from how the attempt went. */
export function createKeyPool ({ keys, strategy, clock = Date.now, random = Math.random, store = createMemoryKeyStateStore(clock) }: KeyPoolDeps) {
  const ring = keys.map(poolKey)
  let cursor = 0

  function usable (key: PoolKey, model: string, now: number): boolean {
    const state = store.snapshot(key.id)
    return state.outUntil <= now && !(state.outUntil > 0 && key.probing) && !isResting(state, model)
  }

  /** Round robin walks the ring of all keys, so that the turns of the healthy stay even whoever else is out. */
  function choose (model: string, now: number): PoolKey | undefined {
    if (strategy === 'random') {
      const candidates = ring.filter((key) => usable(key, model, now))
      return candidates[Math.floor(random() * candidates.length)]
    }
    for (let step = 0; step < ring.length; step++) {
      const at = (cursor + step) % ring.length
      if (!usable(ring[at]!, model, now)) continue
      cursor = (at + 1) % ring.length
      return ring[at]
    }
    return undefined
  }

  function settle (key: PoolKey, model: string, lentAt: number, outcome: AttemptOutcome): void {
    const now = clock()
    const { outUntil: until, outSince } = store.snapshot(key.id)
    key.leases--
    if (lentAt >= until) key.probing = false
    // An answer to a question asked before the key was taken out says nothing new, neither well nor ill.
    const stale = until > 0 && lentAt <= outSince
    if (outcome.kind === 'ok') {
      if (!stale) store.worked(key.id)
      return
    }
    if (outcome.reason === null) return
    key.errors++
    key.lastError = now
    key.lastErrorReason = outcome.reason
    if (outcome.kind === 'credential' && !stale) store.refused(key.id, (failures) => outUntil(failures, now))
    if (outcome.kind === 'quota') {
      const rest = Math.min(outcome.retryAfter ?? DEFAULT_REST, LONGEST_PAUSE)
      store.cooldown(key.id, { model, until: now + rest, reason: outcome.reason })
    }
  }

  return {
    get size (): number {
      return ring.length
    },

    /** Leases not yet settled. */
    get leases (): number {
      return ring.reduce((sum, key) => sum + key.leases, 0)
    },

    /** Whether some key could be lent now, for a model that rests nowhere. */
    get available (): boolean {
      return ring.some((key) => store.snapshot(key.id).outUntil <= clock())
    },

    /**
     * Lends a key for one attempt.
     * @throws GatewayError that says why none can be lent, with the true earliest time when one can
     */
    acquire (model: string): Lease {
      const now = clock()
      const key = choose(model, now)
      if (key === undefined) throw noKey(ring, store, model, now)
      key.requests++
      key.leases++
      key.lastUsed = now
      key.probing = store.snapshot(key.id).outUntil > 0
      let settled = false
      return {
        keyId: key.id,
        key: key.secret,
        settle (outcome) {
          if (settled) return
          settled = true
          settle(key, model, now, outcome)
        }
      }
    },

    /** The operator's view; see the shapes of `GET /api/keys/stats`. */
    stats () {
      const now = clock()
      const rows = ring.map((key) => statsRow(key, store.snapshot(key.id), now))
      return { total_keys: rows.length, healthy_keys: rows.filter((row) => row.is_healthy).length, keys: rows }
    }
  }
}

function poolKey (config: KeyConfig, index: number): PoolKey {
  return {
    id: `key_${createHash('sha256').update(config.key).digest('hex').slice(0, 12)}`,
    secret: config.key,
    name: config.name ?? `key ${index + 1}`,
    requests: 0,
    errors: 0,
    leases: 0,
    lastUsed: null,
    lastError: null,
    lastErrorReason: null,
    probing: false
  }
}

function isResting (state: KeyState, model: string): boolean {
  return state.cooldowns.has(model) || state.cooldowns.has(ANY_MODEL)
}

function restingUntil (state: KeyState, model: string): number {
  return Math.max(state.cooldowns.get(model)?.until ?? 0, state.cooldowns.get(ANY_MODEL)?.until ?? 0)
}

function outUntil (failures: number, now: number): number {
  if (failures < FAILURE_LIMIT) return 0
  return now + Math.min(FIRST_PAUSE * 2 ** (failures - FAILURE_LIMIT), LONGEST_PAUSE)
}

/** Says why no key can be lent: a rate limit when waiting for one is all it takes, else an overload. */
function noKey (ring: PoolKey[], store: KeyStateStore, model: string, now: number): GatewayError {
  if (ring.length === 0) {
    return new GatewayError('api_error', 'The gateway has no upstream API key; its operator must set CCPROXY_CLAUDE_API_KEYS.', {
      status: 503, code: 'no_api_keys', retryable: false
    })
  }
  const states = ring.map((key) => store.snapshot(key.id))
  const earliest = Math.min(...states.map((state) => Math.max(state.outUntil, restingUntil(state, model))))
  const retryAfter = Math.max(1, Math.ceil((earliest - now) / 1_000))
  if (states.some((state) => isResting(state, model))) {
    return new GatewayError('rate_limit_error', `Every upstream key that works is rate limited for ${model}; the first is free again in ${retryAfter} s.`, {
      code: 'all_keys_limited', retryAfter
    })
  }
  return new GatewayError('overloaded_error', `The upstream refuses every key of this gateway; the next one is tried in ${retryAfter} s.`, {
    code: 'all_keys_refused', retryAfter
  })
}

function statsRow (key: PoolKey, state: KeyState, now: number) {
  return {
    id: key.id,
    name: key.name,
    key: key.secret.length > 12 ? `...${key.secret.slice(-8)}` : '...',
    request_count: key.requests,
    error_count: key.errors,
    consecutive_failures: state.consecutiveFailures,
    last_used: nullableIsoTime(key.lastUsed),
    last_error: nullableIsoTime(key.lastError),
    last_error_reason: key.lastErrorReason,
    is_healthy: state.outUntil <= now && state.consecutiveFailures < FAILURE_LIMIT,
    out_until: state.outUntil > now ? isoTime(state.outUntil) : null,
    cooldowns: [...state.cooldowns.values()].map(({ model, until, reason }) => ({ model, until: isoTime(until), reason }))
  }
}

export default fp<Pick<KeyPoolDeps, 'keys' | 'strategy'>>(async (app, options) => {
  app.decorate('keyPool', createKeyPool(options))
}, { name: 'ccproxy-key-pool', fastify: '5.x' })
