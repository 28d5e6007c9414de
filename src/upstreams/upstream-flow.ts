import type { IncomingHttpHeaders } from 'node:http'
import { errors, type Dispatcher } from 'undici'
import type { DeltaSink, Flow, Sink } from './sink.ts'
import { isLonePart } from './sse-bytes.ts'
import { connectionFault } from './upstream-errors.ts'

type Controller = Dispatcher.DispatchController

/**
 * The upstream end of the pipeline: an undici dispatch handler that feeds a sink.
 *
 * The client may leave at any time, so `abort` works in every state: before undici has taken the request up (it is then aborted the
 * moment it starts), before the upstream's headers, in mid-stream and while paused.
 */
export class UpstreamFlow implements Dispatcher.DispatchHandler, Flow {
  readonly #sink: Sink
  readonly #onDone: () => void
  #controller: Controller | null = null
  /** Nearly every chunk of a stream is one `content_block_delta`, which no stage has anything to do with. */
  #shortcut: DeltaSink | null = null
  #aborted = false
  #answered = false
  /** The upstream has had its last word: there is nothing left to abort. */
  #done = false

  /** @param onDone called once, when undici has let go of the request and its body */
  constructor (sink: Sink, onDone: () => void) {
    this.#sink = sink
    this.#onDone = onDone
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
    if (this.#aborted) return
    if (this.#shortcut !== null && isLonePart(chunk)) {
      if (!this.#shortcut.delta(chunk)) controller.pause()
      return
    }
    if (!this.#sink.data(chunk)) controller.pause()
    this.#shortcut = this.#sink.shortcut?.() ?? null
  }

  onResponseEnd (): void {
    this.#finish()
    if (!this.#aborted) this.#sink.end()
  }

  onResponseError (_controller: Controller, error: Error): void {
    this.#finish()
    if (!this.#aborted) this.#sink.fail(connectionFault(error, this.#answered))
  }

  resume (): void {
    this.#controller?.resume()
  }

  abort (): void {
    if (this.#aborted) return
    this.#aborted = true
    if (!this.#done) this.#controller?.abort(abortReason())
  }

  #finish (): void {
    if (this.#done) return
    this.#done = true
    this.#onDone()
  }
}

/** undici wants an Error for a reason; it is seen by nobody, for an aborted flow tells its sink nothing. */
function abortReason (): Error {
  return new errors.RequestAbortedError('the request was given up')
}
