import type { IncomingHttpHeaders } from 'node:http'
import type { GatewayError } from '../errors.ts'
import type { Lease } from '../plugins/key-pool.ts'
import { outcomeOf, type AttemptOutcome } from './faults.ts'
import { FirstEventHold, type Opening } from './first-event-hold.ts'
import type { Flow, Sink } from './sink.ts'
import { notOurs } from './upstream-errors.ts'
import { UpstreamFlow } from './upstream-flow.ts'
import type { UpstreamRequest } from './upstream.ts'
import { UsageTap } from './usage-tap.ts'

/**
 * One request with one key: the first stage of the pipeline. It settles the lease as soon as the answer's opening tells how the key did,
 * and is over when the answer ends, fails or is given up, whichever comes first.
 */
export class Attempt implements Flow, Sink {
  readonly flow: UpstreamFlow
  readonly #request: UpstreamRequest
  readonly #lease: Lease
  readonly #client: Sink
  readonly #stages: Sink
  #over = false

  constructor (request: UpstreamRequest, lease: Lease, client: Sink, onDone: () => void) {
    this.#request = request
    this.#lease = lease
    this.#client = client
    this.#stages = new FirstEventHold(new UsageTap(client, request.record.usage), (opening) => this.#judge(opening))
    this.flow = new UpstreamFlow(this, onDone)
  }

  start (status: number, headers: IncomingHttpHeaders): void {
    this.#request.record.upstreamRequestId = headers['request-id']?.toString() ?? null
    this.#stages.start(status, headers)
  }

  data (chunk: Buffer): boolean {
    return this.#stages.data(chunk)
  }

  end (): void {
    this.#stages.end()
    this.#finish(null)
  }

  fail (error: GatewayError): void {
    // Settled first: the client's end gives the flow up in its turn, and that would settle it without a reason.
    this.#finish(error.message)
    this.#stages.fail(error)
  }

  resume (): void {
    this.flow.resume()
  }

  abort (): void {
    this.flow.abort()
    this.#finish(null)
  }

  /** Nothing has reached the client yet: the place where a failure can still be told as one, or mended. */
  #judge (opening: Opening): boolean {
    this.#lease.settle(this.#outcome(opening))
    const fault = notOurs(opening)
    if (fault === null) return true
    this.#client.fail(fault)
    return false
  }

  #outcome ({ status, headers, bytes }: Opening): AttemptOutcome {
    const outcome = outcomeOf(status, headers, Date.now())
    // Counting tokens has limits and faults of its own: they say nothing about the key's worth for messages.
    if (this.#request.endpoint === 'count_tokens' && outcome.kind !== 'ok') return { kind: 'neutral', reason: null }
    if (status === 200 && /^event: ?error/.test(bytes.toString('latin1', 0, 12))) return { kind: 'neutral', reason: 'the upstream answered with an error event' }
    return outcome
  }

  #finish (reason: string | null): void {
    if (this.#over) return
    this.#over = true
    this.#lease.settle({ kind: 'neutral', reason })
  }
}
