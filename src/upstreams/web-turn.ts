import type { IncomingHttpHeaders } from 'node:http'
import type { GatewayError } from '../errors.ts'
import type { WebAnswer } from '../translate/web/web-answer.ts'
import { isEventStream, type Flow, type Sink } from './sink.ts'
import { truncatedStream } from './upstream-errors.ts'
import { UpstreamFlow } from './upstream-flow.ts'
import { webFaultOf, webFaultOfStream, type WebFault } from './web-faults.ts'

/** An error's body larger than this, in bytes, is not read further. */
const MAX_ERROR = 256 * 1024

/** What became of a turn. */
export type TurnResult =
  /** The client has the whole answer. */
  | { kind: 'told' }
  /** Nothing of it has reached the client: it can be told why, or another attempt may do better. */
  | { kind: 'fault', fault: WebFault }
  | { kind: 'broken', error: GatewayError, answered: boolean }
  /** The client has a part of the answer and knows that there is no more. */
  | { kind: 'failed', error: GatewayError, /** What claude.ai told of, where it told of something. */ fault: WebFault | null }
  | { kind: 'aborted' }

export interface TurnOptions {
  answer: WebAnswer
  client: Sink
  /** Headers of the client's answer. */
  headers: (told: Buffer) => IncomingHttpHeaders
  /** The upstream has begun to answer. */
  onStart: (status: number, headers: IncomingHttpHeaders) => void
  /** Told how a failure in mid-answer is said. */
  errorOf: (fault: WebFault) => GatewayError
  /** The answer is over, in whatever way; its client is told next. */
  onOver: () => void
}

/**
 * One turn of a conversation on claude.ai: reads its stream, and tells it on in Messages as soon as it says something. Until then a failure has
 * reached nobody.
 *
 *     client ← WebTurn (WebAnswer) ← UpstreamFlow
 */
export class WebTurn implements Sink, Flow {
  readonly flow: UpstreamFlow
  readonly result: Promise<TurnResult>
  readonly #options: TurnOptions
  #resolve!: (result: TurnResult) => void
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #answered = false
  #committed = false
  #over = false
  /** The body of an answer that is no stream. */
  #body: Buffer[] | null = null
  #bodyLength = 0

  constructor (options: TurnOptions) {
    this.#options = options
    this.result = new Promise((resolve) => { this.#resolve = resolve })
    this.flow = new UpstreamFlow(this, () => {})
  }

  start (status: number, headers: IncomingHttpHeaders): void {
    this.#answered = true
    this.#status = status
    this.#headers = headers
    if (status !== 200 || !isEventStream(headers)) this.#body = []
    this.#options.onStart(status, headers)
  }

  data (chunk: Buffer): boolean {
    if (this.#body !== null) {
      this.#bodyLength += chunk.length
      this.#body.push(chunk)
      if (this.#bodyLength > MAX_ERROR) this.end()
      return true
    }
    const { answer } = this.#options
    if (this.#over || answer.over) return true
    const told = answer.read(chunk)
    const more = told.length === 0 || this.#tell(told)
    if (answer.error !== null) this.#fault(webFaultOfStream({ ...answer.error, error_code: answer.error.code }))
    else if (answer.over) this.#finish()
    // What follows the end is let go without anybody to ask for more of it.
    return more || this.#over
  }

  end (): void {
    if (this.#body !== null) this.#fault(this.#readFault(Buffer.concat(this.#body)))
    else this.#broken(truncatedStream())
  }

  fail (error: GatewayError): void {
    this.#broken(error)
  }

  resume (): void {
    this.flow.resume()
  }

  abort (): void {
    // The client's leaving after its answer says nothing to the upstream.
    if (this.#over) return
    this.flow.abort()
    this.#settle({ kind: 'aborted' })
  }

  #tell (bytes: Buffer): boolean {
    if (!this.#committed) {
      this.#committed = true
      this.#options.client.start(200, this.#options.headers(bytes))
    }
    return this.#options.client.data(bytes)
  }

  #finish (): void {
    // What follows the end says nothing, and is read to its end so that the connection can be used again; not so behind a stop sequence of ours.
    if (this.#options.answer.stopped) this.flow.abort()
    if (this.#settle({ kind: 'told' })) this.#options.client.end()
  }

  /** An answer that is no stream is an error, or something in between that does not keep to the protocol. */
  #readFault (bytes: Buffer): WebFault {
    return webFaultOf({ status: this.#status, headers: this.#headers, bytes }, Date.now()) ??
      webFaultOfStream({ type: 'api_error', message: 'claude.ai was asked for a stream and answered with something else.' })
  }

  #fault (fault: WebFault): void {
    if (!this.#committed) this.#settle({ kind: 'fault', fault })
    else this.#failed(this.#options.errorOf(fault), fault)
    this.flow.abort()
  }

  #broken (error: GatewayError): void {
    if (!this.#committed) this.#settle({ kind: 'broken', error, answered: this.#answered })
    else this.#failed(error, null)
  }

  #failed (error: GatewayError, fault: WebFault | null): void {
    if (this.#settle({ kind: 'failed', error, fault })) this.#options.client.fail(error)
  }

  /** @returns whether this was the first word on it */
  #settle (result: TurnResult): boolean {
    if (this.#over) return false
    this.#over = true
    this.#options.onOver()
    this.#resolve(result)
    return true
  }
}
