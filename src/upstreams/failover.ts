import type { Dispatcher } from 'undici'
import type { GatewayError } from '../errors.ts'
import type { KeyPool, Lease } from '../plugins/key-pool.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import type { Fault } from './faults.ts'
import type { Opening } from './first-event-hold.ts'
import { LargeBody, sendable } from './large-body.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { Flow, Sink } from './sink.ts'
import type { UpstreamRequest } from './upstream.ts'

/** Attempts that one request may make in all. */
const MOST_ATTEMPTS = 3
/** The longest wait before the first repetition after a fault of the platform, in milliseconds; each further one may be twice as long. */
const FIRST_DELAY = 500

export interface FailoverDeps {
  keyPool: KeyPool
  dispatcher: Dispatcher
  budget: RetryBudget
  /** Whether a request that was not answered in time is sent again, although it may be billed twice. */
  retryTimeouts: boolean
  /** The request as undici takes it, with the key of the lease. */
  options: (request: UpstreamRequest, lease: Lease, body: Buffer | LargeBody | null) => Dispatcher.DispatchOptions
  onStart: () => void
  onDone: () => void
  /** Uniform in [0, 1). */
  random: () => number
}

/**
 * One request, in as many attempts as it takes and may take. As long as nothing has reached the client, a fault of the key goes to another key
 * and a fault of the platform is tried again after a moment; a fault of the request is the client's to hear.
 */
export class Failover implements Flow, AttemptOwner {
  readonly #request: UpstreamRequest
  readonly #client: Sink
  readonly #deps: FailoverDeps
  readonly #body: Buffer | LargeBody | null
  /** Keys that were used; undefined before the first. */
  #tried: Set<string> | undefined
  #attempt: Attempt | null = null
  #attempts = 0
  /** The lease of an attempt that waits for its moment, and what wakes it. */
  #waiting: Lease | null = null
  #delay: NodeJS.Timeout | null = null
  #aborted = false

  constructor (request: UpstreamRequest, client: Sink, deps: FailoverDeps) {
    this.#request = request
    this.#client = client
    this.#deps = deps
    this.#body = sendable(request.body)
  }

  /** Sends the first attempt, or tells the client why there is none. */
  begin (): void {
    this.#deps.budget.deposit()
    try {
      this.#send(this.#acquire())
    } catch (error) {
      this.#client.fail(error as GatewayError)
    }
  }

  resume (): void {
    this.#attempt?.resume()
  }

  abort (): void {
    if (this.#aborted) return
    this.#aborted = true
    if (this.#delay !== null) {
      clearTimeout(this.#delay)
      this.#waiting?.settle({ kind: 'none', reason: null })
    }
    this.#attempt?.abort()
  }

  onFault ({ row }: Fault, opening: Opening): boolean {
    if (this.#aborted || row.kind === 'request') return false
    if (row.kind === 'platform') return this.#afterAMoment()
    try {
      const again = this.#again(0, this.#tried)
      // Other keys are free, and only this request has had its attempts. Some clients give up over a 429 that names no time.
      if (!again && row.pause === 'retry_after') opening.headers['retry-after'] ??= '1'
      return again
    } catch (error) {
      // The true time of the earliest recovery over all keys, which the answer of one of them cannot know.
      const { retryAfter } = error as GatewayError
      if (row.kind === 'quota' && retryAfter !== undefined) opening.headers['retry-after'] = String(retryAfter)
      return false
    }
  }

  onBroken (error: GatewayError, answered: boolean): boolean {
    // Once the upstream has begun to answer, or had the time to, it may have worked on the request, and will bill it.
    const mayBeRepeated = error.code === 'upstream_unreachable' || (this.#deps.retryTimeouts && error.code === 'upstream_timeout')
    return !this.#aborted && !answered && mayBeRepeated && this.#afterAMoment()
  }

  onCommitted (): void {
    if (this.#body instanceof LargeBody) this.#body.release()
  }

  onDone (): void {
    this.#deps.onDone()
  }

  /** The platform is at fault: any key will do, a little later. */
  #afterAMoment (): boolean {
    try {
      return this.#again(FIRST_DELAY * 2 ** (this.#attempts - 1))
    } catch {
      return false
    }
  }

  /**
   * Prepares another attempt, after a random part of `longest` milliseconds.
   * @param tried keys that will not do
   * @returns false when there may be none
   * @throws GatewayError when there is no key for one
   */
  #again (longest: number, tried?: ReadonlySet<string>): boolean {
    if (this.#attempts >= MOST_ATTEMPTS) return false
    const lease = this.#acquire(tried)
    if (!this.#deps.budget.withdraw()) {
      lease.settle({ kind: 'none', reason: null })
      return false
    }
    this.#waiting = lease
    this.#delay = setTimeout(() => {
      this.#delay = null
      this.#send(lease)
    }, this.#deps.random() * longest)
    return true
  }

  #acquire (tried?: ReadonlySet<string>): Lease {
    const { model, affinity, continued, workspace, record } = this.#request
    return this.#deps.keyPool.acquire({ model, affinity, continued, workspace, trail: record.trail, tried })
  }

  #send (lease: Lease): void {
    this.#attempts++
    this.#tried = (this.#tried ?? new Set()).add(lease.keyId)
    this.#request.record.keyId = lease.keyId
    this.#request.record.attempts = this.#attempts
    const attempt = new Attempt(this.#request, lease, this.#client, this)
    this.#attempt = attempt
    this.#deps.onStart()
    this.#deps.dispatcher.dispatch(this.#deps.options(this.#request, lease, this.#body), attempt.flow)
  }
}
