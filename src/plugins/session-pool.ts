import fp from 'fastify-plugin'
import type { FastifyBaseLogger } from 'fastify'
import type { MessageLimit } from '../translate/web/message-limit.ts'
import type { WebFault } from '../upstreams/web-faults.ts'
import { longestLimit } from '../upstreams/web-limit.ts'
import { createMemoryKeyStateStore, type KeyStateStore, type Rest } from './key-state-store.ts'
import { rendezvous } from './rendezvous.ts'
import type { SessionLease, SessionOutcome, SessionRequest, SessionTally } from './session-lease.ts'
import { noSession } from './session-refusal.ts'
import { createSessionRests } from './session-rests.ts'
import type { Session, SessionStore } from './session-store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    sessionPool: SessionPool
  }
}

/** How long a session is out for what only its admin can mend, or what changes rarely, in milliseconds: its plan, its organisation. */
const PLAN_REST = 3_600_000
const ORGANISATION_REST = 10 * 60_000

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
export function createSessionPool ({ store, log, affinity: follows, clock = Date.now, rests: kept }: SessionPoolDeps) {
  const rests = createSessionRests(kept ?? createMemoryKeyStateStore(clock), clock)
  const tallies = new Map<string, SessionTally>()
  /** The order in which sessions were last lent. */
  const lent = new Map<string, number>()
  /** Why a session has ended, until that is written down. */
  const ending = new Map<string, string>()
  let turn = 0
  let leases = 0

  function tallyOf (id: string): SessionTally {
    let tally = tallies.get(id)
    if (tally === undefined) tallies.set(id, tally = { running: 0, requests: 0, errors: 0, lastError: null, limit: null })
    return tally
  }

  /** Why a session cannot be used, whatever the model; null when it can. */
  function whyNot ({ row, cookie }: Session, now: number): string | null {
    if (cookie === null) return 'it cannot be decrypted'
    if (row.is_active === 0) return 'it was deactivated'
    if (row.expires_at !== null && row.expires_at <= now) return 'it has expired'
    if (row.status === 'dead' || row.status === 'disabled') return row.status_reason ?? row.status
    return ending.get(row.id) ?? null
  }

  function isFree (session: Session, { model, tried, trail }: SessionRequest, now: number): boolean {
    if (tried?.has(session.row.id)) return false
    const reason = whyNot(session, now) ?? rests.blocking(session.row.id, model, now)?.reason ?? null
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

  /** Only what claude.ai has ended for good is written down; whatever passes by itself is kept in memory. */
  function end (session: Session, cookie: string, status: 'dead' | 'disabled', reason: string): void {
    // A renewal may have come meanwhile: the verdict is about another cookie.
    if (session.cookie !== cookie) return
    const { id } = session.row
    if (session.previousCookie === null) ending.set(id, reason)
    const written = session.previousCookie === null
      ? store.judge(session, { status, reason, organization: null })
      : store.goBack(session).then(() => store.judge(session, {
        status: 'unverified', reason: `${reason}; the cookie before its last renewal is tried again`, organization: null
      }))
    written.catch((error: unknown) => log.error({ err: error, sessionId: id }, 'the state of a session could not be written'))
      .finally(() => ending.delete(id))
  }

  function settleFault (session: Session, cookie: string, model: string, fault: WebFault): void {
    const { row: { kind, meaning: reason }, until, model: ofModel } = fault
    const { id } = session.row
    const now = clock()
    switch (kind) {
      case 'dead':
      case 'disabled': return end(session, cookie, kind, reason)
      case 'rate_limited': return rests.begin(id, { model: ofModel ? model : null, kind: 'quota', until: until ?? now, reason })
      case 'model_unavailable': return rests.begin(id, { model, kind: 'credential', until: now + PLAN_REST, reason })
      case 'wrong_org': return rests.begin(id, { model: null, kind: 'credential', until: now + ORGANISATION_REST, reason })
    }
  }

  /** @param tally of the session, though it may have been deleted since it was lent: then nothing is held against it any more */
  function settle (session: Session, cookie: string, model: string, tally: SessionTally, outcome: SessionOutcome): void {
    leases--
    tally.running--
    if (outcome.kind === 'fault') {
      const { row: { meaning }, text } = outcome.fault
      note(tally, text === null ? meaning : `${meaning} ("${text.replaceAll(cookie, '...')}")`)
      if (isKept(session)) settleFault(session, cookie, model, outcome.fault)
    } else if (outcome.kind === 'none' && outcome.reason !== null) {
      note(tally, outcome.reason)
    } else if (outcome.kind === 'ok' && session.row.status === 'unverified') {
      store.judge(session, { status: 'active', reason: null, organization: null })
        .catch((error: unknown) => log.error({ err: error, sessionId: session.row.id }, 'the state of a session could not be written'))
    }
  }

  function note (tally: SessionTally, reason: string): void {
    tally.errors++
    tally.lastError = { at: clock(), reason }
  }

  function isKept ({ row: { id } }: Session): boolean {
    return store.get(id) !== undefined
  }

  function observe (session: Session, limit: MessageLimit, model: string): void {
    const { state, resetsAt, perModel, claim } = limit
    const now = clock()
    if (state !== 'exceeded' || resetsAt === null || resetsAt <= now || !isKept(session)) return
    rests.begin(session.row.id, {
      model: perModel ? model : null, kind: 'quota', until: Math.min(resetsAt, now + longestLimit(claim)), reason: 'the plan\'s limit is used up'
    })
  }

  function lend (session: Session, model: string): SessionLease {
    const { row: { id } } = session
    const cookie = session.cookie!
    const tally = tallyOf(id)
    leases++
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
        settle(session, cookie, model, tally, outcome)
      },
      observe (limit) {
        tally.limit = limit
        observe(session, limit, model)
      }
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
      return leases
    },

    /** The sessions that are fit for use, though they may rest now: what their plans offer stays the same. */
    usable (): Session[] {
      const now = clock()
      return store.list().filter((session) => whyNot(session, now) === null)
    },

    /**
     * Lends a session for one attempt.
     * @throws GatewayError that says why none can be lent, with the true earliest time when one can
     */
    acquire (request: SessionRequest): SessionLease {
      const now = clock()
      const session = choose(request, now)
      if (session === undefined) {
        const { model } = request
        throw noSession(store.list().map((one) => ({ reason: whyNot(one, now), rest: rests.blocking(one.row.id, model, now) })), model, now)
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
    reset: (id: string): void => rests.clear(id),

    /** claude.ai has just vouched for a session: what it refused for other reasons than a limit may be mended. */
    vouch: (id: string): void => rests.clear(id, 'credential'),

    /** Forgets a session that was deleted. */
    forget (id: string): void {
      rests.clear(id)
      tallies.delete(id)
      lent.delete(id)
    },

    /** What rests of a session: the whole of it, or models. */
    restsOf: (id: string): Rest[] => rests.of(id),

    tallyOf: (id: string): Readonly<SessionTally> => tallyOf(id),
    whyNot: (session: Session): string | null => whyNot(session, clock())
  }
}

export default fp<{ affinity: boolean }>(async (app, { affinity }) => {
  app.decorate('sessionPool', createSessionPool({ store: app.sessionStore, log: app.log, affinity }))
}, { name: 'ccproxy-session-pool', fastify: '5.x', dependencies: ['ccproxy-session-store'] })
