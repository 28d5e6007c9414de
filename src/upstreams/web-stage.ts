import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../errors.ts'
import type { SessionLease, SessionRequest } from '../plugins/session-lease.ts'
import type { SessionPool } from '../plugins/session-pool.ts'
import type { Session } from '../plugins/session-store.ts'
import { isObject } from '../translate/fields.ts'
import type { WebMessage, WebPlan } from '../translate/web/web-plan.ts'
import type { UpstreamRequest } from './upstream.ts'
import type { WebAnswered, WebClient, WebPlace } from './web-client.ts'
import type { WebConversation } from './web-conversation.ts'
import type { WebConversations } from './web-conversations.ts'
import { webFaultOf, type WebFault } from './web-faults.ts'

/** Where an attempt takes place. */
export interface Stage {
  lease: SessionLease
  place: WebPlace
  conversation: WebConversation
  /** The upstream's id of the answer that the new turn follows; null in a conversation that begins. */
  parent: string | null
}

/** An answer of claude.ai that is none of the expected, before the turn itself was sent. */
export class StepFault extends Error {
  readonly fault: WebFault

  constructor (fault: WebFault) {
    super(fault.row.meaning)
    this.fault = fault
  }
}

export interface StageDeps {
  pool: Pick<SessionPool, 'acquire' | 'acquireOne'>
  client: Pick<WebClient, 'create' | 'upload'>
  conversations: Pick<WebConversations, 'open' | 'claim' | 'release'>
  /** Finds out the organisation of a session that claude.ai has not been asked about. @returns why it cannot be used, or null */
  verify: (session: Session) => Promise<string | null>
  /** Told the headers of every good answer, which may renew the cookie. */
  onHeaders: (lease: SessionLease, status: number, headers: IncomingHttpHeaders) => void
}

/** What decides where an attempt takes place. */
export interface StageRequest {
  request: UpstreamRequest
  plan: WebPlan
  /** Sessions that will not do; added to. */
  tried: Set<string>
  /** Whether a conversation must begin, although one may be held. */
  afresh: boolean
  /** The client has left. */
  signal: AbortSignal
}

export type Stages = ReturnType<typeof createStages>

/** What comes before a turn: a session, a conversation, and the files that the turn speaks of. */
export function createStages ({ pool, client, conversations, verify, onHeaders }: StageDeps) {
  /** The conversation that the request goes on with, where this gateway holds it and its session is free. */
  function goOn ({ request: { model, record }, plan, tried, afresh }: StageRequest): Stage | null {
    const point = afresh || plan.before === null ? null : conversations.claim(plan.before)
    if (point === null) return null
    const { conversation, parent } = point
    const { sessionId, place: { organizationId } } = conversation
    const lease = tried.has(sessionId) ? null : pool.acquireOne(sessionId, model)
    if (lease === null) {
      conversations.release(conversation)
      return null
    }
    record.keyId = sessionId
    record.trail.push(`${sessionId} goes on`)
    return { lease, place: { cookie: lease.cookie, organizationId }, conversation, parent }
  }

  /** @throws GatewayError when no session can be lent */
  async function begin ({ request: { model, affinity, record }, tried, signal }: StageRequest): Promise<Stage | null> {
    /** Why the last one that claude.ai had not been asked about would not do. */
    let reason: string | null = null
    while (!signal.aborted) {
      const lease = lend({ model, affinity, tried, trail: record.trail }, reason)
      const { row } = lease.session
      record.keyId = row.id
      try {
        reason = row.organization_id === null ? await verify(lease.session) : null
        if (reason === null && row.organization_id !== null && !signal.aborted) return await opened(lease, row.organization_id)
      } catch (error) {
        lease.settle({ kind: 'none', reason: 'what was found out could not be written down' })
        throw error
      }
      lease.settle({ kind: 'none', reason })
      tried.add(row.id)
    }
    return null
  }

  async function opened (lease: SessionLease, organizationId: string): Promise<Stage> {
    const place = { cookie: lease.cookie, organizationId }
    return { lease, place, conversation: await conversations.open(lease.session.row.id, place), parent: null }
  }

  /** @throws GatewayError */
  function lend (request: SessionRequest, reason: string | null): SessionLease {
    try {
      return pool.acquire(request)
    } catch (error) {
      if (reason === null) throw error
      throw new GatewayError('api_error', `The claude.ai session of this gateway could not be checked: ${reason}.`, { status: 503, code: 'session_unverified', cause: error })
    }
  }

  /** @throws StepFault */
  function expect (lease: SessionLease, answered: WebAnswered): WebAnswered {
    const fault = webFaultOf(answered, Date.now())
    if (fault !== null) throw new StepFault(fault)
    onHeaders(lease, answered.status, answered.headers)
    return answered
  }

  return {
    /**
     * Goes on with a conversation that is held, or begins one.
     * @returns null when the client has left meanwhile
     * @throws GatewayError when no session can be lent
     */
    enter: async (request: StageRequest): Promise<Stage | null> => goOn(request) ?? begin(request),

    /**
     * Makes the conversation, where it begins, and uploads files.
     * @returns the upstream's ids of the files
     * @throws StepFault, GatewayError
     */
    async prepare ({ lease, place, conversation, parent }: Stage, { files }: WebMessage, signal: AbortSignal): Promise<string[]> {
      if (signal.aborted) return []
      // Not given up when the client leaves meanwhile: a conversation that comes into being after its deletion would stay.
      if (parent === null) expect(lease, await client.create(place, conversation.id))
      const ids: string[] = []
      for (const file of files) {
        if (signal.aborted) break
        ids.push(fileIdOf(expect(lease, await client.upload(place, file, signal))))
      }
      return ids
    }
  }
}

/** @throws StepFault */
function fileIdOf (answered: WebAnswered): string {
  try {
    const value: unknown = JSON.parse(answered.bytes.toString())
    if (isObject(value) && typeof value['file_uuid'] === 'string') return value['file_uuid']
  } catch {}
  throw new StepFault(webFaultOf({ ...answered, status: 502 }, Date.now())!)
}
