import fp from 'fastify-plugin'
import type { FastifyBaseLogger } from 'fastify'
import type { MessageLimit } from '../translate/web/message-limit.ts'
import type { WebFault } from '../upstreams/web-faults.ts'
import { createMemoryKeyStateStore, scopeOf, type KeyStateStore, type Rest } from './key-state-store.ts'
import { rendezvous } from './rendezvous.ts'
import { noSession } from './session-refusal.ts'
import type { Session, SessionStore } from './session-store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    sessionPool: SessionPool
  }
}

/** What a use of a session said about it. */
export type SessionOutcome =
  | { kind: 'ok' }
  | { kind: 'fault', fault: WebFault }
  | { kind: 'none', /** A fault of the connection, for the operator. */ reason: string | null }

/** A session, lent for one attempt. */
export interface SessionLease {
  readonly session: Session
  /** The cookie as it was when it was lent. */
  readonly cookie: string
  /** Says how the attempt went; the first word counts. */
  settle (outcome: SessionOutcome): void
  /** What an answer told of the plan's limits. */
  observe (limit: MessageLimit): void
}

export interface SessionRequest {
  model: string
  /** The client token and the conversation, where the choice follows them. */
  affinity?: string
  /** Sessions that this request has tried already. */
  tried?: ReadonlySet<string>
  /** Takes down what was passed over and why, for the log. */
  trail?: string[]
}

/** What is counted of a session since the start. All times are epoch milliseconds. */
export interface SessionTally {
  running: number
  requests: number
  errors: number
  lastError: { at: number, reason: string } | null
  limit: MessageLimit | null
}

/** How long a session is out for what only its admin can mend, or what changes rarely, in milliseconds: its plan, its organisation. */
const PLAN_REST = 3_600_000
const ORGANISATION_REST = 10 * 60_000
/** No limit of a plan is longer than a week, in milliseconds; what says so is wrong. */
const LONGEST_REST = 7 * 86_400_000
/** Models of one session that rest at the same time: a client can name any number of them. */
const MOST_MODELS = 64

export type SessionPool = ReturnType<typeof createSessionPool>

export interface SessionPoolDeps {
  store: Pick<SessionStore, 'list' | 'get' | 'judge' | 'goBack' | 'touch'>
  log: Pick<FastifyBaseLogger, 'error' | 'warn'>
  /** Whether the choice follows the conversation. */
  affinity: boolean
  /** Epoch milliseconds. */
  clock?: () => number
  rests?: KeyStateStore
}

/** Lends sessions of claude.ai, the one least recently used first, and learns from how each use went. */
export function createSessionPool ({ store, log, affinity: follows, clock = Date.now, rests = createMemoryKeyStateStore(clock) }: SessionPoolDeps) {
  const tallies = new Map<string, SessionTally>()
  /** The order in which sessions were last lent. */
  const lent = new Map<string, number>()
  let turn = 0

  function tallyOf (id: string): SessionTally {
    let tally = tallies.get(id)
    if (tally === undefined) tallies.set(id, tally = { running: 0, requests: 0, errors: 0, lastError: null, limit: null })
    return tally
  }

  function restOf ({ row: { id } }: Session, model: string, now: number): Rest | undefined {
    if (rests.size === 0) return undefined
    return [ownerOfSession(id), scopeOf(ownerOfSession(id), model)].map(rests.get).find((rest) => rest !== undefined && rest.until > now)
  }

  /** Why a session cannot be used, whatever the model; null when it can. */
  function whyNot ({ row, cookie }: Session, now: number): string | null {
    if (cookie === null) return 'it cannot be decrypted'
    if (row.is_active === 0) return 'it was deactivated'
    if (row.expires_at !== null && row.expires_at <= now) return 'it has expired'
    if (row.status === 'dead' || row.status === 'disabled') return row.status_reason ?? row.status
    return null
  }

  function isFree (session: Session, { model, tried, trail }: SessionRequest, now: number): boolean {
    if (tried?.has(session.row.id)) return false
    const reason = whyNot(session, now) ?? restOf(session, model, now)?.reason ?? null
    if (reason !== null) trail?.push(`${session.row.id} passed over: ${reason}`)
    return reason === null
  }

  function choose (request: SessionRequest, now: number): Session | undefined {
    const free = store.list().filter((session) => isFree(session, request, now))
    // What claude.ai has vouched for goes before what nobody has tried.
    const vouched = free.filter(({ row }) => row.status === 'active')
    const among = vouched.length > 0 ? vouched : free
    if (follows && request.affinity !== undefined && among.length > 1) {
      const [home] = rendezvous(request.affinity, among.map(({ row: { id } }) => ({ id, weight: 1 })))
      return store.get(home!.id)
    }
    return among.toSorted((a, b) => lastLent(a) - lastLent(b))[0]
  }

  function lastLent ({ row }: Session): number {
    return lent.get(row.id) ?? 0
  }

  function rest (scope: string, kind: Rest['kind'], until: number, reason: string): void {
    const now = clock()
    if (rests.get(scope) === undefined && rests.snapshot().length >= MOST_MODELS * Math.max(1, store.list().length)) return
    rests.cooldown({ scope, kind, since: now, until: Math.min(until, now + LONGEST_REST), failures: 0, reason })
  }

  /** Only what claude.ai has ended for good is written down; whatever passes by itself is kept in memory. */
  function end (session: Session, cookie: string, status: 'dead' | 'disabled', reason: string): void {
    // A renewal may have come meanwhile: the verdict is about another cookie.
    if (session.cookie !== cookie || store.get(session.row.id) === undefined) return
    const written = session.previousCookie === null
      ? store.judge(session, { status, reason, organization: null })
      : store.goBack(session).then(() => store.judge(session, {
        status: 'unverified', reason: `${reason}; the cookie before its last renewal is tried again`, organization: null
      }))
    written.catch((error: unknown) => log.error({ err: error, sessionId: session.row.id }, 'the state of a session could not be written'))
  }

  function settleFault (session: Session, cookie: string, model: string, fault: WebFault): void {
    const { row: { kind, meaning }, until, model: ofModel } = fault
    const owner = ownerOfSession(session.row.id)
    const now = clock()
    switch (kind) {
      case 'dead':
      case 'disabled': return end(session, cookie, kind, meaning)
      case 'rate_limited': return rest(ofModel ? scopeOf(owner, model) : owner, 'quota', until ?? now, meaning)
      case 'model_unavailable': return rest(scopeOf(owner, model), 'credential', now + PLAN_REST, meaning)
      case 'wrong_org': return rest(owner, 'credential', now + ORGANISATION_REST, meaning)
    }
  }

  function settle (session: Session, cookie: string, model: string, outcome: SessionOutcome): void {
    const tally = tallyOf(session.row.id)
    tally.running--
    if (outcome.kind === 'fault') {
      const { row: { meaning }, text } = outcome.fault
      tally.errors++
      tally.lastError = { at: clock(), reason: text === null ? meaning : `${meaning} ("${text.replaceAll(cookie, '...')}")` }
      settleFault(session, cookie, model, outcome.fault)
    } else if (outcome.kind === 'none' && outcome.reason !== null) {
      tally.errors++
      tally.lastError = { at: clock(), reason: outcome.reason }
    } else if (outcome.kind === 'ok' && session.row.status === 'unverified') {
      store.judge(session, { status: 'active', reason: null, organization: null })
        .catch((error: unknown) => log.error({ err: error, sessionId: session.row.id }, 'the state of a session could not be written'))
    }
  }

  function observe ({ row: { id } }: Session, limit: MessageLimit, model: string): void {
    tallyOf(id).limit = limit
    if (limit.state !== 'exceeded' || limit.resetsAt === null || limit.resetsAt <= clock()) return
    const owner = ownerOfSession(id)
    rest(limit.perModel ? scopeOf(owner, model) : owner, 'quota', limit.resetsAt, 'the plan\'s limit is used up')
  }

  function lend (session: Session, model: string): SessionLease {
    const { row: { id } } = session
    const cookie = session.cookie!
    const tally = tallyOf(id)
    tally.running++
    tally.requests++
    lent.set(id, ++turn)
    store.touch(session)
    let settled = false
    return {
      session,
      cookie,
      settle (outcome) {
        if (settled) return
        settled = true
        settle(session, cookie, model, outcome)
      },
      observe: (limit) => observe(session, limit, model)
    }
  }

  return {
    /** Whether some session could be lent now, for a model that rests nowhere. */
    get available (): boolean {
      const now = clock()
      return store.list().some((session) => isFree(session, { model: '' }, now))
    },

    /** Leases not yet settled. */
    get leases (): number {
      return [...tallies.values()].reduce((sum, { running }) => sum + running, 0)
    },

    /** The sessions that could be lent now. */
    usable (): Session[] {
      const now = clock()
      return store.list().filter((session) => isFree(session, { model: '' }, now))
    },

    /**
     * Lends a session for one attempt.
     * @throws GatewayError that says why none can be lent, with the true earliest time when one can
     */
    acquire (request: SessionRequest): SessionLease {
      const now = clock()
      const session = choose(request, now)
      if (session === undefined) {
        throw noSession(store.list().map((one) => ({ reason: whyNot(one, now), rest: restOf(one, request.model, now) })), request.model, now)
      }
      request.trail?.push(session.row.id)
      return lend(session, request.model)
    },

    /** Lends one session, where nothing is in its way: a conversation goes on where it is. */
    acquireOne (id: string, model: string): SessionLease | null {
      const session = store.get(id)
      return session === undefined || !isFree(session, { model }, clock()) ? null : lend(session, model)
    },

    /** Forgets what rests of a session. */
    reset (id: string): void {
      for (const { scope } of this.restsOf(id)) rests.clear(scope)
    },

    /** Forgets a session that was deleted. */
    forget (id: string): void {
      this.reset(id)
      tallies.delete(id)
      lent.delete(id)
    },

    /** What rests of a session: the whole of it, or models. */
    restsOf (id: string): Rest[] {
      const owner = ownerOfSession(id)
      return rests.snapshot().filter(({ scope, until }) => (scope === owner || scope.startsWith(`${owner}\n`)) && until > clock())
    },

    tallyOf: (id: string): Readonly<SessionTally> => tallyOf(id),
    whyNot: (session: Session): string | null => whyNot(session, clock())
  }
}

function ownerOfSession (id: string): string {
  return `session:${id}`
}

export default fp<{ affinity: boolean }>(async (app, { affinity }) => {
  app.decorate('sessionPool', createSessionPool({ store: app.sessionStore, log: app.log, affinity }))
}, { name: 'ccproxy-session-pool', fastify: '5.x', dependencies: ['ccproxy-session-store'] })
