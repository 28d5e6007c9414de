import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { errorBody, errorHeaders, errorStatus, type Envelope, type GatewayError } from '../errors.ts'
import { AnswerWriter } from './answer-writer.ts'
import { forwardedResponseHeaders } from './headers.ts'
import { isEventStream, type DeltaSink, type Flow, type Sink } from './sink.ts'
import { EventSplitter } from './sse-bytes.ts'

/** How long a client may take to read a final error before its connection is cut, in milliseconds. */
const LINGER = 5_000

/** How much of an event is kept back until the rest of it has come, in bytes; a larger one is let through as it comes. */
const MAX_HALF = 256 * 1024

/** A sign of life between two events. */
const PING = Buffer.from('event: ping\ndata: {"type": "ping"}\n\n')
const OPENAI_PING = Buffer.from(': ping\n\n')

/** How an exchange ended, as the log tells it. */
export type Outcome = 'complete' | 'client_closed' | 'client_stalled' | 'failed'

export interface ClientSinkOptions {
  envelope: Envelope
  requestId: string
  /** How long a client that does not read keeps its place, in milliseconds. */
  stallTimeout: number
  /** The answer is somebody's file: nothing is ever put into it. */
  opaque?: boolean
  /** The headers of the answer, out of the upstream's; by default those that may cross unchanged. */
  answerHeaders?: (upstream: IncomingHttpHeaders) => Record<string, string | string[]>
  /** Tells an error in mid-stream in the way of the client's protocol; by default in Anthropic's. */
  errorEvent?: (error: GatewayError) => string
  /** The decision trail, when the client asked to see it in `x-ccproxy-trace`. */
  trace: readonly string[] | null
  /** How many quiet ticks in a row call for a sign of life; see {@link ClientSink.tick}. */
  quietTicks: number
  /** Called once, when the exchange is over in either direction. */
  onClose: (outcome: Outcome, error: GatewayError | null) => void
  /** Called once, when the first byte of the answer leaves. */
  onStart: (status: number, headers: IncomingHttpHeaders) => void
}

/**
 * The client end of the pipeline: writes an answer to the raw response, with backpressure, and ends the upstream request when the
 * client leaves. Everything hangs on the response's `close`: it is the one event that comes in every case.
 */
export class ClientSink implements Sink {
  readonly #raw: ServerResponse
  readonly #writer: AnswerWriter
  readonly #options: ClientSinkOptions
  readonly #events = new EventSplitter()
  /** The half of an event that the client has not been sent yet. */
  #half: Buffer[] = []
  #halfLength = 0
  /** Half an event was too large to wait: the client is in the middle of it. */
  #insideEvent = false
  #flow: Flow | null = null
  #stream = false
  #stall: NodeJS.Timeout | null = null
  /** How the exchange ended; null while it runs. */
  #outcome: Outcome | null = null
  #error: GatewayError | null = null
  #over = false
  #quiet = 0

  constructor (raw: ServerResponse, options: ClientSinkOptions) {
    this.#raw = raw
    this.#options = options
    // An answer that has failed is given LINGER and no more.
    this.#writer = new AnswerWriter(raw, () => { if (this.#outcome === null) this.#startStall() }, () => this.#drained())
    // Ahead of the log line, which tells the outcome.
    raw.prependListener('close', () => this.#closed())
    // A write that races with the client's leaving is reported here; `close` follows and is what counts.
    raw.on('error', () => {})
  }

  /** Names the upstream request that feeds this client; a client that has already left ends it at once. */
  attach (flow: Flow): void {
    this.#flow = flow
    if (this.#over || this.#raw.destroyed) flow.abort()
  }

  start (status: number, headers: IncomingHttpHeaders): void {
    const picked = (this.#options.answerHeaders ?? forwardedResponseHeaders)(headers)
    this.#stream = this.#options.opaque !== true && isEventStream(headers)
    if (this.#stream) {
      // Error events and pings of our own may be added: a length from upstream would no longer hold.
      delete picked['content-length']
      picked['cache-control'] = 'no-cache, no-transform'
      picked['x-accel-buffering'] = 'no'
    }
    picked['request-id'] ??= this.#options.requestId
    if (this.#options.trace !== null) Object.assign(picked, this.#traceHeader())
    this.#raw.writeHead(status, picked)
    this.#options.onStart(status, headers)
  }

  data (chunk: Buffer): boolean {
    if (this.#over || this.#raw.destroyed) return true
    return this.#stream ? this.#writeEvents(chunk) : this.#write(chunk)
  }

  shortcut (): DeltaSink | null {
    return this.#stream && this.#halfLength === 0 && !this.#insideEvent && this.#events.between ? this : null
  }

  delta (event: Buffer): boolean {
    return this.#over || this.#raw.destroyed || this.#write(event)
  }

  end (): void {
    if (this.#over || this.#outcome !== null) return
    this.#flushHalf()
    this.#outcome = 'complete'
    this.#writer.end()
    if ((this.#raw.socket?.writableLength ?? 0) > 0 && this.#stall === null) this.#startStall()
  }

  /** Tells the client that the answer failed, in its own protocol, and never in a way that looks like a proper end. */
  fail (error: GatewayError): void {
    if (this.#over || this.#outcome !== null) return
    this.#outcome = 'failed'
    this.#error = error
    if (!this.#raw.headersSent) this.#sendError(error)
    else if (this.#stream && !this.#insideEvent) this.#writer.end(Buffer.from(this.#errorEvent(error)))
    else this.#raw.destroy()
    this.#flow?.abort()
    setTimeout(() => { if (!this.#over) this.#raw.destroy() }, LINGER).unref()
  }

  /**
   * One beat of a shared clock. After `quietTicks` beats without a write a running stream is sent a sign of life, but only between two
   * events. It is told to the client alone: the upstream's own silence is timed where the upstream is read.
   */
  tick (): void {
    if (++this.#quiet < this.#options.quietTicks || !this.#stream || this.#over || this.#outcome !== null) return
    if (this.#insideEvent || this.#stall !== null) return
    this.#quiet = 0
    this.#writer.write(this.#options.envelope === 'openai' ? OPENAI_PING : PING)
  }

  /**
   * Writes what is complete. The half of an event that a chunk may end with waits for its other half: no client can act on half an event,
   * and should the upstream break off there, the client must not be left in the middle of one.
   */
  #writeEvents (chunk: Buffer): boolean {
    const end = this.#events.split(chunk)
    if (end === chunk.length && this.#halfLength === 0) {
      this.#insideEvent = false
      return this.#write(chunk)
    }
    if (end > 0) {
      this.#flushHalf()
      this.#insideEvent = false
      this.#write(chunk.subarray(0, end))
    }
    if (end < chunk.length) {
      this.#half.push(chunk.subarray(end))
      this.#halfLength += chunk.length - end
    }
    if (this.#insideEvent || this.#halfLength > MAX_HALF) {
      this.#insideEvent = true
      this.#flushHalf()
    }
    return this.#stall === null
  }

  #flushHalf (): void {
    for (const piece of this.#half) this.#write(piece)
    this.#half = []
    this.#halfLength = 0
  }

  #write (bytes: Buffer): boolean {
    this.#quiet = 0
    this.#writer.write(bytes)
    return this.#stall === null
  }

  #drained (): void {
    this.#clearStall()
    this.#flow?.resume()
  }

  #startStall (): void {
    this.#stall = setTimeout(() => {
      this.#outcome = 'client_stalled'
      this.#raw.destroy()
    }, this.#options.stallTimeout).unref()
  }

  #clearStall (): void {
    if (this.#stall !== null) clearTimeout(this.#stall)
    this.#stall = null
  }

  #sendError (error: GatewayError): void {
    const { envelope, requestId } = this.#options
    const status = errorStatus(error, envelope)
    const body = JSON.stringify(errorBody(error, envelope, requestId))
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      ...errorHeaders(error, envelope, requestId),
      ...this.#traceHeader()
    }
    this.#raw.writeHead(status, headers)
    this.#options.onStart(status, headers)
    this.#raw.end(body)
  }

  #traceHeader (): Record<string, string> | undefined {
    const { trace } = this.#options
    return trace === null ? undefined : { 'x-ccproxy-trace': traceOf(trace) }
  }

  #errorEvent (error: GatewayError): string {
    if (this.#options.errorEvent !== undefined) return this.#options.errorEvent(error)
    return `event: error\ndata: ${JSON.stringify(errorBody(error, this.#options.envelope, this.#options.requestId))}\n\n`
  }

  #closed (): void {
    if (this.#over) return
    this.#over = true
    this.#clearStall()
    this.#writer.close()
    this.#flow?.abort()
    const cut = this.#outcome === null || (this.#outcome === 'complete' && !this.#raw.writableFinished)
    this.#options.onClose(cut ? 'client_closed' : this.#outcome!, this.#error)
  }
}

/** A decision trail as `x-ccproxy-trace` tells it. What an upstream said may hold what no header may. */
export function traceOf (trail: readonly string[]): string {
  return trail.join('; ').replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 2_000)
}
