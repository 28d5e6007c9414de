import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import type { AttemptOutcome, Fault } from '../upstreams/faults.ts'
import { noKey, statsRow } from './key-pool-report.ts'
import { createMemoryKeyStateStore, modelOf, ownerOf, scopeOf, type KeyStateStore, type Rest } from './key-state-store.ts'
import { ANY_MODEL, ownersOf, poolKey, scopeName, scopesOf, workspacesOf, type KeyConfig, type PoolKey } from './pool-key.ts'
import { rendezvous } from './rendezvous.ts'

declare module 'fastify' {
  interface FastifyInstance {
    keyPool: KeyPool
  }
}

/** How long what was refused is out at first, in milliseconds; every further refusal in a row doubles it. */
const FIRST_PAUSE = 10_000
/** Nothing rests for longer than this, in milliseconds: an upstream's word can be days off. */
const LONGEST_PAUSE = 30 * 60_000
/** Rest after a rate limit that names no time, in milliseconds. */
const DEFAULT_REST = 30_000
/** Models of one owner that can rest at the same time: a client can name any number of them. Past it, all of its models rest. */
const MOST_MODELS = 64
const NO_SCOPES: readonly string[] = []

/** A key lent out for one attempt. It must be settled; settling twice does nothing. */
export interface Lease {
  readonly keyId: string
  /** The secret itself: it goes into one upstream header and nowhere else. */
  readonly key: string
  settle (outcome: AttemptOutcome): void
  /** Corrects a wrong or missing label by what an answer said (`anthropic-organization-id`). */
  learnOrganisation (id: string): void
}

/** What is asked of the pool. */
export interface LeaseRequest {
  model: string
  /** The client token and its conversation, for affinity. */
  affinity?: string
  /** Keys that this request has tried already. */
  tried?: ReadonlySet<string>
  /** Takes down what was passed over and why, for the log. */
  trail?: string[]
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

/**
 * The pool of API keys: lends a key for one attempt and learns from how the attempt went. Rate limits belong to an organisation and a model,
 * prompt caches to a workspace; a key without labels is an organisation and a workspace of its own.
 */
export function createKeyPool ({ keys, strategy, clock = Date.now, random = Math.random, store = createMemoryKeyStateStore(clock) }: KeyPoolDeps) {
  const ring = keys.map(poolKey)
  /** Scopes that are being tried by one request. */
  const probing = new Set<string>()
  let cursor = 0

  /** What keeps a key from being used for a model, if anything does. */
  function obstacle (key: PoolKey, model: string, now: number): Rest | undefined {
    if (store.size === 0) return undefined
    return scopesOf(key, model).map(store.get).find((rest) => rest !== undefined && (rest.until > now || probing.has(rest.scope)))
  }

  function candidates ({ model, tried, trail }: LeaseRequest, now: number): PoolKey[] {
    if (store.size === 0 && tried === undefined) return ring
    return ring.filter((key) => {
      if (tried?.has(key.id)) return false
      const rest = obstacle(key, model, now)
      if (rest !== undefined) trail?.push(`${key.id} passed over: ${rest.reason}`)
      return rest === undefined
    })
  }

  function choose (request: LeaseRequest, now: number): PoolKey | undefined {
    let free = candidates(request, now)
    if (strategy === 'random') return free[Math.floor(random() * free.length)]
    if (strategy === 'affinity' && request.affinity !== undefined && free.length > 1) {
      const home = rendezvous(request.affinity, workspacesOf(free))[0]!.id
      free = free.filter(({ workspace }) => workspace === home)
    }
    return nextInTurn(free)
  }

  /** Walks the ring of all keys, so that the turns of the healthy stay even whoever else is out. */
  function nextInTurn (free: PoolKey[]): PoolKey | undefined {
    for (let step = 0; step < ring.length; step++) {
      const at = (cursor + step) % ring.length
      if (free !== ring && !free.includes(ring[at]!)) continue
      cursor = (at + 1) % ring.length
      return ring[at]
    }
    return undefined
  }

  /** The label stood for this organisation: so it does for the other keys that carry it, until their own answers say otherwise. */
  function rename (key: PoolKey, organisation: string): void {
    const label = key.organisation
    for (const other of ring) {
      if (other === key || (other.organisation === label && !other.organisationIsKnown)) other.organisation = organisation
    }
  }

  function settleFault (key: PoolKey, model: string, lentAt: number, fault: Fault): void {
    const now = clock()
    const { kind, scope, pause, meaning } = fault.row
    // The upstream's words are for the stats alone: nobody knows what it may repeat, so they stay out of the log.
    const told = fault.text?.replaceAll(key.secret, '...')
    if (kind !== 'request') noteError(key, told === undefined ? meaning : `${meaning} ("${told}")`, now)
    if (scope === 'none' || kind === 'request' || kind === 'platform') return
    const name = bounded(scopeName(scope, key, model), store)
    const before = store.get(name)
    // An answer to a question asked before the rest began says nothing new.
    if (before !== undefined && lentAt <= before.since) return
    const failures = pause === 'retry_after' ? 0 : (before?.failures ?? 0) + 1
    const wait = pause === 'retry_after' ? fault.retryAfter ?? DEFAULT_REST : pause === 'park' ? LONGEST_PAUSE : FIRST_PAUSE * 2 ** (failures - 1)
    store.cooldown({ scope: name, kind, since: now, until: now + Math.min(wait, LONGEST_PAUSE), failures, reason: meaning })
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
      return ring.some((key) => obstacle(key, '', clock()) === undefined)
    },

    /**
     * Lends a key for one attempt.
     * @throws GatewayError that says why none can be lent, with the true earliest time when one can
     */
    acquire (request: LeaseRequest): Lease {
      const now = clock()
      const { model, trail } = request
      const key = choose(request, now)
      if (key === undefined) throw noKey(ring.map((each) => scopesOf(each, model).map(store.get).filter((rest) => rest !== undefined)), model, now)
      trail?.push(key.id)
      key.requests++
      key.leases++
      key.lastUsed = now
      const probes = store.size === 0 ? NO_SCOPES : scopesOf(key, model).filter((scope) => store.get(scope) !== undefined)
      for (const scope of probes) probing.add(scope)
      let settled = false
      return {
        keyId: key.id,
        key: key.secret,
        settle (outcome) {
          if (settled) return
          settled = true
          key.leases--
          for (const scope of probes) probing.delete(scope)
          if (outcome.kind === 'fault') settleFault(key, model, now, outcome.fault)
          else if (outcome.kind === 'ok') for (const scope of probes) store.clear(scope)
          else if (outcome.reason !== null) noteError(key, outcome.reason, clock())
        },
        learnOrganisation (id) {
          if (key.organisation !== id) rename(key, id)
          key.organisationIsKnown = true
        }
      }
    },

    /** Forgets whatever is held against a key. @returns false when there is no such key */
    reset (keyId: string): boolean {
      const key = ring.find(({ id }) => id === keyId)
      if (key === undefined) return false
      for (const { scope } of store.snapshot()) {
        if (ownersOf(key).some((owner) => ownerOf(scope) === owner)) store.clear(scope)
      }
      return true
    },

    /** The operator's view; see the shapes of `GET /api/keys/stats`. */
    stats () {
      const now = clock()
      const rests = store.snapshot()
      const rows = ring.map((key) => statsRow(key, rests.filter(({ scope }) => ownersOf(key).includes(ownerOf(scope))), now))
      return { total_keys: rows.length, healthy_keys: rows.filter((row) => row.is_healthy).length, keys: rows }
    }
  }
}

function bounded (scope: string, store: KeyStateStore): string {
  if (modelOf(scope) === null || store.get(scope) !== undefined) return scope
  const owner = ownerOf(scope)
  const siblings = store.snapshot().filter((rest) => ownerOf(rest.scope) === owner).length
  return siblings < MOST_MODELS ? scope : scopeOf(owner, ANY_MODEL)
}

function noteError (key: PoolKey, reason: string, now: number): void {
  key.errors++
  key.lastError = now
  key.lastErrorReason = reason
}

export default fp<Pick<KeyPoolDeps, 'keys' | 'strategy'>>(async (app, options) => {
  app.decorate('keyPool', createKeyPool(options))
}, { name: 'ccproxy-key-pool', fastify: '5.x' })
