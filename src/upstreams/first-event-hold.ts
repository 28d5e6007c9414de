import type { IncomingHttpHeaders } from 'node:http'
import type { GatewayError } from '../errors.ts'
import { isEventStream, type DeltaSink, type Sink } from './sink.ts'
import { endOfEvent } from './sse-bytes.ts'
import { truncatedStream } from './upstream-errors.ts'

/** How much is held back at the most, in bytes, before the answer is let through unjudged. */
const MAX_HELD = 256 * 1024

/** What is known of an answer before anything of it has reached the client. */
export interface Opening {
  status: number
  headers: IncomingHttpHeaders
  /** A stream's first event, or the body of any other answer; whatever was held when that grew too large. */
  bytes: Buffer
}

/** Looks at the opening of an answer. @returns false to keep it from the client: the judge then answers for it. */
export type Judge = (opening: Opening) => boolean

/**
 * Keeps an answer back until its first event is complete, or its whole body when it is not a stream. Until then nothing has reached the
 * client and a failure can still be mended; after it, chunks go straight through.
 */
export class FirstEventHold implements Sink {
  readonly #next: Sink
  readonly #judge: Judge
  readonly #opaque: boolean
  #state: 'holding' | 'passing' | 'rejected' = 'holding'
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #stream = false
  #held: Buffer[] = []
  #length = 0
  /** Bytes of what is held that are known to hold no end of an event. */
  #searched = 0

  /** @param opaque the answer is somebody's file: even one that calls itself an event stream has no events */
  constructor (next: Sink, judge: Judge, opaque = false) {
    this.#next = next
    this.#judge = judge
    this.#opaque = opaque
  }

  start (status: number, headers: IncomingHttpHeaders): void {
    this.#status = status
    this.#headers = headers
    this.#stream = !this.#opaque && isEventStream(headers)
  }

  data (chunk: Buffer): boolean {
    if (this.#state === 'passing') return this.#next.data(chunk)
    if (this.#state === 'rejected') return true
    this.#held.push(chunk)
    this.#length += chunk.length
    if (this.#length <= MAX_HELD && !(this.#stream && this.#eventIsComplete())) return true
    return this.#release()
  }

  shortcut (): DeltaSink | null {
    return this.#state === 'passing' ? this.#next.shortcut?.() ?? null : null
  }

  end (): void {
    if (this.#state === 'holding' && this.#stream) return this.#next.fail(truncatedStream())
    if (this.#state === 'holding') this.#release()
    if (this.#state === 'passing') this.#next.end()
  }

  fail (error: GatewayError): void {
    if (this.#state !== 'rejected') this.#next.fail(error)
  }

  #eventIsComplete (): boolean {
    if (this.#held.length > 1) this.#held = [Buffer.concat(this.#held)]
    const complete = endOfEvent(this.#held[0]!, Math.max(0, this.#searched - 2)) !== -1
    this.#searched = this.#length
    return complete
  }

  #release (): boolean {
    const held = this.#held
    this.#held = []
    const bytes = held.length === 1 ? held[0]! : Buffer.concat(held)
    if (!this.#judge({ status: this.#status, headers: this.#headers, bytes })) {
      this.#state = 'rejected'
      return true
    }
    this.#state = 'passing'
    this.#next.start(this.#status, this.#headers)
    return bytes.length === 0 || this.#next.data(bytes)
  }
}
