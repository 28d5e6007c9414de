import fp from 'fastify-plugin'
import type { IncomingHttpHeaders } from 'node:http'
import type { Config } from '../config.ts'
import type { AttemptOutcome, Fault } from '../upstreams/faults.ts'
import { single } from '../upstreams/headers.ts'
import type { Usage } from '../upstreams/usage.ts'
import { createKeyChoice, type Conversation } from './key-choice.ts'
import { keyRow } from './key-pool-report.ts'
import { noKey } from './key-refusal.ts'
import { restAfter } from './key-rests.ts'
import { createKeyRing } from './key-ring.ts'
import { createMemoryKeyStateStore, ownerOf, type KeyStateStore, type Rest } from './key-state-store.ts'
import { ownersOf, scopesOf, workspacesOf, type KeyConfig, type KeySource, type PoolKey } from './pool-key.ts'
import { createRateLimitWindows } from './rate-limit-windows.ts'

declare module 'fastify' {
  interface FastifyInstance {
    keyPool: KeyPool
  }
}

const NO_SCOPES: readonly string[] = []

/** A key lent out for one attempt. It must be settled; settling twice does nothing. */
export interface Lease {
  readonly keyId: string
  /** The secret itself: it goes into one upstream header and nowhere else. */
  readonly key: string
  readonly workspace: string
  settle (outcome: AttemptOutcome): void
  /** Corrects a wrong or missing label by what an answer said (`anthropic-organization-id`). */
  learn (headers: IncomingHttpHeaders): void
  /** Takes in what an answer said of the rate limits of the organisation and the model (`anthropic-ratelimit-*`). */
  observe (headers: IncomingHttpHeaders): void
  /** Counts what the attempt cost. */
  spent (usage: Usage): void
}

/** What is asked of the pool. */
export interface LeaseRequest extends Conversation {
  /** Empty when the request is about none. */
  model: string
  /** Only keys of this workspace will do. */
  workspace?: string
  /** Keys that this request has tried already. */
  tried?: ReadonlySet<string>
  /** Takes down what was passed over and why, for the log. */
  trail?: string[]
}

export type KeyPool = ReturnType<typeof createKeyPool>

export interface KeyPoolDeps {
  keys: readonly KeyConfig[]
  /** Where the configuration has them from; the environment by default. */
  source?: Exclude<KeySource, 'store'>
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
export function createKeyPool (deps: KeyPoolDeps) {
  const { keys, source = 'env', strategy, clock = Date.now, random = Math.random, store = createMemoryKeyStateStore(clock) } = deps
  const ring = createKeyRing(keys, source)
  const choice = createKeyChoice({ strategy, random })
  const windows = createRateLimitWindows()
  /** Scopes that are being tried by one request. */
  const probing = new Set<string>()
  let leases = 0

  /** What keeps a key from being used for a model, if anything does. */
  function obstacle (key: PoolKey, model: string, now: number): Rest | undefined {
    if (store.size === 0) return undefined
    return scopesOf(key, model).map(store.get).find((rest) => rest !== undefined && (rest.until > now || probing.has(rest.scope)))
  }

  /** The keys that may be lent. */
  function candidates ({ model, workspace, tried, trail }: LeaseRequest, now: number): readonly PoolKey[] {
    if (store.size === 0 && tried === undefined && workspace === undefined) return ring.enabled
    return ring.enabled.filter((key) => {
      if (tried?.has(key.id) || (workspace !== undefined && key.workspace !== workspace)) return false
      const rest = obstacle(key, model, now)
      if (rest !== undefined) trail?.push(`${key.id} passed over: ${rest.reason}`)
      return rest === undefined
    })
  }

  function choose (request: LeaseRequest, now: number): PoolKey | undefined {
    const { model, trail } = request
    if (windows.allFar) return choice.choose(ring.enabled, candidates(request, now), request, null)
    return choice.choose(ring.enabled, candidates(request, now), request, (key) => {
      const isNear = windows.isNear(key.organisation, model, now)
      if (isNear) trail?.push(`${key.id} spared if possible: the organisation's rate limit for this model is nearly used up`)
      return isNear
    })
  }

  /** What rests of each key that would have done, had nothing been in its way. */
  function restsFor ({ model, workspace }: LeaseRequest): Rest[][] {
    return ring.enabled.filter((key) => workspace === undefined || key.workspace === workspace)
      .map((key) => scopesOf(key, model).map(store.get).filter((rest) => rest !== undefined))
  }

  function settleFault (key: PoolKey, model: string, lentAt: number, fault: Fault): void {
    const now = clock()
    const { kind, meaning } = fault.row
    if (kind === 'request') return
    // The upstream's words are for the stats alone: nobody knows what it may repeat, so they stay out of the log.
    const told = fault.text?.replaceAll(key.secret, '...')
    key.tally.answered(model, now)
    key.tally.failed(model, told === undefined ? meaning : `${meaning} ("${told}")`, now)
    const rest = restAfter(fault, key, model, lentAt, now, store)
    if (rest !== null) store.cooldown(rest)
  }

  function settle (key: PoolKey, model: string, lentAt: number, probes: readonly string[], outcome: AttemptOutcome): void {
    leases--
    for (const scope of probes) probing.delete(scope)
    if (outcome.kind === 'fault') return settleFault(key, model, lentAt, outcome.fault)
    if (outcome.kind === 'ok') {
      key.tally.answered(model, clock())
      for (const scope of probes) store.clear(scope)
    } else if (outcome.reason !== null) {
      key.tally.failed(model, outcome.reason, clock())
    }
  }

  /** The label stood for this organisation: so it does for the other keys that carry it, until their own answers say otherwise. */
  function rename (key: PoolKey, organisation: string): void {
    const label = key.organisation
    for (const other of ring.all) {
      if (other === key || (other.organisation === label && !other.organisationIsKnown)) other.organisation = organisation
    }
  }

  function lend (key: PoolKey, model: string, now: number): Lease {
    key.tally.lent(now)
    leases++
    const probes = store.size === 0 ? NO_SCOPES : scopesOf(key, model).filter((scope) => store.get(scope) !== undefined)
    for (const scope of probes) probing.add(scope)
    let settled = false
    return {
      keyId: key.id,
      key: key.secret,
      workspace: key.workspace,
      settle (outcome) {
        if (settled) return
        settled = true
        settle(key, model, now, probes, outcome)
      },
      learn (headers) {
        const id = single(headers, 'anthropic-organization-id')
        if (id === undefined) return
        if (key.organisation !== id) rename(key, id)
        key.organisationIsKnown = true
      },
      observe (headers) {
        windows.observe(key.organisation, model, headers, clock())
      },
      spent (usage) {
        key.tally.spent(model, usage)
      }
    }
  }

  function restsOf (key: PoolKey, rests: Rest[]): Rest[] {
    const owners = ownersOf(key)
    return rests.filter(({ scope }) => owners.includes(ownerOf(scope)))
  }

  return {
    /** Keys that are not disabled. */
    get size (): number {
      return ring.enabled.length
    },

    /** Leases not yet settled. */
    get leases (): number {
      return leases
    },

    /** Whether some key could be lent now, for a model that rests nowhere. */
    get available (): boolean {
      return ring.enabled.some((key) => obstacle(key, '', clock()) === undefined)
    },

    /** The workspaces of the keys that are not disabled, each with the weight of its keys. */
    workspaces: () => workspacesOf(ring.enabled),

    /** The workspace of a key that is not disabled. */
    workspaceOf: (keyId: string): string | undefined => ring.enabled.find(({ id }) => id === keyId)?.workspace,

    /**
     * Lends a key for one attempt.
     * @throws GatewayError that says why none can be lent, with the true earliest time when one can
     */
    acquire (request: LeaseRequest): Lease {
      const now = clock()
      const key = choose(request, now)
      if (key === undefined) throw noKey(restsFor(request), request, ring.all.length, now)
      request.trail?.push(key.id)
      return lend(key, request.model, now)
    },

    /** Forgets whatever is held against a key. @returns false when there is no such key */
    reset (keyId: string): boolean {
      const key = ring.get(keyId)
      if (key === undefined) return false
      for (const { scope } of restsOf(key, store.snapshot())) store.clear(scope)
      windows.forgive(key.organisation)
      key.tally.forgive()
      return true
    },

    sourceOf: (keyId: string): KeySource | undefined => ring.get(keyId)?.source,
    add: ring.add,
    remove: ring.remove,
    setDisabled: ring.setDisabled,
    configure: ring.configure,

    /** The operator's view; see the shapes of `GET /api/keys/stats`. */
    stats () {
      const now = clock()
      const rests = store.snapshot()
      const rows = ring.all.map((key) => keyRow(key, restsOf(key, rests), windows, now))
      return { total_keys: rows.length, healthy_keys: rows.filter((row) => row.is_healthy).length, keys: rows }
    }
  }
}

export default fp<Pick<KeyPoolDeps, 'keys' | 'source' | 'strategy'>>(async (app, options) => {
  app.decorate('keyPool', createKeyPool(options))
}, { name: 'ccproxy-key-pool', fastify: '5.x' })
