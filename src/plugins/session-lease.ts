import type { MessageLimit } from '../translate/web/message-limit.ts'
import type { WebFault } from '../upstreams/web-faults.ts'
import type { Session } from './session-store.ts'

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
