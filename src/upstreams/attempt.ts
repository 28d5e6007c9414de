import type { IncomingHttpHeaders } from 'node:http'
import type { GatewayError } from '../errors.ts'
import type { Lease } from '../plugins/key-pool.ts'
import { faultOf, type Fault } from './faults.ts'
import { FirstEventHold, type Opening } from './first-event-hold.ts'
import { single } from './headers.ts'
import type { DeltaSink, Flow, Sink } from './sink.ts'
import { notOurs } from './upstream-errors.ts'
import { UpstreamFlow } from './upstream-flow.ts'
import type { UpstreamRequest } from './upstream.ts'
import { UsageTap } from './usage-tap.ts'

/** Whoever sent the attempt, and may send another in its place as long as nothing of it has reached the client. */
export interface AttemptOwner {
  /** The answer's opening tells of a fault. @returns true when another attempt takes over */
  onFault (fault: Fault, opening: Opening): boolean
  /**
   * The connection failed before anything had reached the client.
   * @param answered whether the upstream had begun to answer
   * @returns true when another attempt takes over
   */
  onBroken (error: GatewayError, answered: boolean): boolean
  /** The answer reaches the client now: there will be no other attempt. */
  onCommitted (): void
  /** undici has let go of the request. */
  onDone (): void
}

/**
 * One request with one key: the first stage of the pipeline. It settles the lease as soon as the answer's opening tells how the key did.
 */
export class Attempt implements Flow, Sink {
  readonly flow: UpstreamFlow
  readonly #request: UpstreamRequest
  readonly #lease: Lease
  readonly #client: Sink
  readonly #owner: AttemptOwner
  readonly #stages: Sink
  #answered = false
  /** The answer has begun to reach the client: nobody can take over any more. */
  #committed = false
  #counted = false

  constructor (request: UpstreamRequest, lease: Lease, client: Sink, owner: AttemptOwner) {
    this.#request = request
    this.#lease = lease
    this.#client = client
    this.#owner = owner
    const opaque = request.endpoint === 'content'
    const next = opaque ? client : new UsageTap(client, request.record.usage)
    this.#stages = new FirstEventHold(next, (opening) => this.#judge(opening), opaque)
    this.flow = new UpstreamFlow(this, () => owner.onDone())
  }

  start (status: number, headers: IncomingHttpHeaders): void {
    this.#answered = true
    this.#request.record.upstreamRequestId = single(headers, 'request-id') ?? null
    this.#lease.learn(headers)
    // Counting tokens has limits of its own.
    if (this.#request.endpoint === 'messages') this.#lease.observe(headers)
    this.#stages.start(status, headers)
  }

  data (chunk: Buffer): boolean {
    return this.#stages.data(chunk)
  }

  shortcut (): DeltaSink | null {
    return this.#stages.shortcut?.() ?? null
  }

  end (): void {
    this.#stages.end()
    this.#over(null)
  }

  fail (error: GatewayError): void {
    // Settled first: the client's end gives the flow up in its turn, and that would settle it without a reason.
    this.#over(error.message)
    if (this.#committed || !this.#owner.onBroken(error, this.#answered)) this.#stages.fail(error)
  }

  resume (): void {
    this.flow.resume()
  }

  abort (): void {
    this.flow.abort()
    this.#over(null)
  }

  /** Nothing more will come of the attempt: the key is given back, and what it cost is counted. */
  #over (reason: string | null): void {
    this.#lease.settle({ kind: 'none', reason })
    if (!this.#committed || this.#counted) return
    this.#counted = true
    this.#lease.spent(this.#request.record.usage)
  }

  /** Nothing has reached the client yet: the place where a failure can still be told as one, or mended. */
  #judge (opening: Opening): boolean {
    const { status, headers, bytes } = opening
    const fault = faultOf({ endpoint: this.#request.endpoint, status, headers, bytes }, Date.now())
    this.#lease.settle(fault === null ? { kind: 'ok' } : { kind: 'fault', fault })
    if (fault !== null && this.#owner.onFault(fault, opening)) {
      this.abort()
      return false
    }
    const foreign = notOurs(opening, this.#request.endpoint === 'content')
    if (foreign !== null) {
      this.#client.fail(foreign)
      return false
    }
    this.#committed = true
    this.#owner.onCommitted()
    return true
  }
}
