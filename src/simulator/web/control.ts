import type { SeenRequest } from '../ledger.ts'
import { Accounts, type Account, type Organization, type Quota } from './accounts.ts'
import type { Conversation, Upload } from './conversations.ts'
import { ENDPOINTS, type Endpoint } from './endpoints.ts'
import { WebFaultChoice } from './fault-choice.ts'
import { Holds, type Hold, type Step } from './holds.ts'
import type { WebLimit } from './rate-limit.ts'

/** A request as it came, with what it was for. */
export interface WebRequest extends SeenRequest {
  endpoint: Endpoint
}

/** Of requests and deleted conversations, only the last so many are kept: long runs must not fill memory. */
const KEPT = 5_000

/** What a test can see of the simulated claude.ai, and turn while it runs. Keys are values of the cookie `sessionKey`. */
export class WebControl {
  /** Those that live now, temporary ones included. */
  readonly conversations = new Map<string, Conversation>()
  /** Those that were deleted, oldest first. */
  readonly deleted: Conversation[] = []
  /** By `file_uuid`. */
  readonly uploads = new Map<string, Upload>()
  /** Every request under `/api`, refused ones included, oldest first. */
  readonly requests: WebRequest[] = []
  /** Bytes of request bodies. */
  readonly bytes = Object.fromEntries(ENDPOINTS.map((endpoint) => [endpoint, 0])) as Record<Endpoint, number>
  readonly accounts = new Accounts()
  readonly faults = new WebFaultChoice()
  readonly holds = new Holds()

  /** The session expires: from now on 403 `account_session_invalid`. */
  kill (key: string): void {
    this.accounts.of(key)
    this.accounts.kill(key)
  }

  /** Its organisation is disabled: from now on 400. */
  disable (key: string): void {
    this.accounts.of(key).disabled = true
  }

  /** Completions are 429 until `resetsAt` (epoch seconds), or until `clear` where there is none. */
  limit (key: string, limit: WebLimit): void {
    this.accounts.of(key).limits.push(limit)
  }

  /** Ends what `kill`, `disable` and `limit` did. */
  clear (key: string): void {
    this.accounts.revive(key)
    Object.assign(this.accounts.of(key), { disabled: false, limits: [] } satisfies Partial<Account>)
  }

  /**
   * Sends a header on the account's next 2xx. A new, well-formed value in it is let in as the same account; the old one stays good until it
   * is killed.
   * @param setCookie the whole value of `Set-Cookie`, such as `sessionKey=sk-ant-sid01-…; Path=/; HttpOnly; Secure` or `sessionKey=""; Max-Age=0`
   */
  renew (key: string, setCookie: string): void {
    this.accounts.of(key).renewals.push(setCookie)
    this.accounts.alias(key, /^sessionKey=([^;]*)/.exec(setCookie)?.[1] ?? '')
  }

  /** What the next `message_limit` events tell. */
  quota (key: string, quota: Partial<Quota>): void {
    Object.assign(this.accounts.of(key).quota, quota)
  }

  organizations (key: string): Organization[] {
    return this.accounts.of(key).organizations
  }

  /** Makes requests wait at a step, those of one account or all. */
  hold (step: Step, key?: string): Hold {
    return this.holds.hold(step, key)
  }

  /**
   * Has the next requests to an endpoint meet a fault of `WEB_FAULTS`, whatever their key.
   * @throws TypeError for a name that is no fault's
   */
  fail (endpoint: Endpoint, fault: string, times = 1): void {
    this.faults.order(endpoint, fault, times)
  }

  /** Books a request. */
  see (request: WebRequest): void {
    this.bytes[request.endpoint] += request.body.length
    keep(this.requests, request)
  }

  /** Takes a conversation away. */
  bury (conversation: Conversation): void {
    this.conversations.delete(conversation.uuid)
    keep(this.deleted, conversation)
  }
}

function keep<T> (things: T[], thing: T): void {
  things.push(thing)
  if (things.length > KEPT) things.shift()
}
