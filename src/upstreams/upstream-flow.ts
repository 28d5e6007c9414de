import type { IncomingHttpHeaders } from 'node:http'
import { errors, type Dispatcher } from 'undici'
import { GatewayError } from '../errors.ts'
import type { Flow, Sink } from './sink.ts'

type Controller = Dispatcher.DispatchController

/**
 * The upstream end of the pipeline: an undici dispatch handler that feeds a sink.
 *
 * The client may leave at any time, so `abort` works in every state: before undici has taken the request up (it is then aborted the
 * moment it starts), before the upstream's headers, in mid-stream and while paused.
 */
export class UpstreamFlow implements Dispatcher.DispatchHandler, Flow {
  readonly #sink: Sink
  #controller: Controller | null = null
  #aborted = false
  #answered = false
  /** The upstream has had its last word: there is nothing left to abort. */
  #done = false

  constructor (sink: Sink) {
    this.#sink = sink
  }

  onRequestStart (controller: Controller): void {
    this.#controller = controller
    if (this.#aborted) controller.abort(abortReason())
  }

  onResponseStart (_controller: Controller, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#aborted) return
    this.#answered = true
    this.#sink.start(status, headers)
  }

  onResponseData (controller: Controller, chunk: Buffer): void {
    if (!this.#aborted && !this.#sink.data(chunk)) controller.pause()
  }

  onResponseEnd (): void {
    this.#done = true
    if (!this.#aborted) this.#sink.end()
  }

  onResponseError (_controller: Controller, error: Error): void {
    this.#done = true
    if (!this.#aborted) this.#sink.fail(upstreamFault(error, this.#answered))
  }

  resume (): void {
    this.#controller?.resume()
  }

  abort (): void {
    if (this.#aborted) return
    this.#aborted = true
    if (!this.#done) this.#controller?.abort(abortReason())
  }
}

/** undici wants an Error for a reason; it is seen by nobody, for an aborted flow tells its sink nothing. */
function abortReason (): Error {
  return new errors.RequestAbortedError('the request was given up')
}

/**
 * Says a fault of the connection in the client's terms. The message names no address: who runs the gateway finds the cause in the log.
 * @param answered whether response headers had arrived
 */
export function upstreamFault (cause: Error, answered: boolean): GatewayError {
  const code = (cause as NodeJS.ErrnoException).code ?? cause.name
  if (cause instanceof errors.HeadersTimeoutError || cause instanceof errors.BodyTimeoutError) {
    const message = answered
      ? 'The upstream sent nothing for too long and was given up; the answer is not complete.'
      : 'The upstream did not begin to answer in time.'
    return new GatewayError('timeout_error', message, { code: 'upstream_timeout', cause })
  }
  if (cause instanceof errors.HTTPParserError) {
    return new GatewayError('api_error', 'The upstream\'s answer is not valid HTTP.', { status: 502, code: 'upstream_invalid', cause })
  }
  const message = answered
    ? 'The connection to the upstream broke off; the answer is not complete.'
    : `The upstream could not be reached (${code}).`
  return new GatewayError('api_error', message, { status: 502, code: answered ? 'upstream_reset' : 'upstream_unreachable', cause })
}
