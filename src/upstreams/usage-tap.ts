import type { IncomingHttpHeaders } from 'node:http'
import type { GatewayError } from '../errors.ts'
import { isEventStream, type DeltaSink, type Sink } from './sink.ts'
import { endOfEvent, eventData, holds, isLonePart, LineMarker, lineMarker } from './sse-bytes.ts'
import { truncatedStream } from './upstream-errors.ts'
import { mergeUsage, type Usage } from './usage.ts'

/** A `message_*` event larger than this, in bytes, is passed on unread: it cannot be a plain usage report. */
const MAX_EVENT = 64 * 1024
const STOP = Buffer.from('stop')
const WITH_BLANK = { message: lineMarker('event: message_'), error: lineMarker('event: error') }
const WITHOUT_BLANK = { message: lineMarker('event:message_'), error: lineMarker('event:error') }
/** A JSON answer larger than this, in bytes, is passed on uncounted. */
const MAX_BODY = 1024 * 1024

/**
 * Reads the token counts of a native Messages answer in passing. Of a stream only `message_start`, `message_delta`, `message_stop` and
 * `error` are looked at; every other event goes by unparsed. Chunks are handed on as they came.
 *
 * It also knows whether a stream came to its proper end: an upstream that closes without `message_stop` has failed, however politely.
 */
export class UsageTap implements Sink {
  readonly #next: Sink
  readonly #usage: Usage
  #reader: StreamReader | BodyReader | null = null

  constructor (next: Sink, usage: Usage) {
    this.#next = next
    this.#usage = usage
  }

  start (status: number, headers: IncomingHttpHeaders): void {
    if (status === 200) {
      this.#reader = isEventStream(headers) ? new StreamReader(this.#usage) : new BodyReader(this.#usage)
    }
    this.#next.start(status, headers)
  }

  data (chunk: Buffer): boolean {
    const more = this.#next.data(chunk)
    this.#reader?.read(chunk)
    return more
  }

  shortcut (): DeltaSink | null {
    return this.#reader?.betweenEvents === true ? this.#next.shortcut?.() ?? null : null
  }

  end (): void {
    if (this.#reader?.finish() === false) {
      this.#next.fail(truncatedStream())
    } else {
      this.#next.end()
    }
  }

  fail (error: GatewayError): void {
    this.#next.fail(error)
  }
}

class StreamReader {
  readonly #usage: Usage
  #messageEvents: LineMarker | null = null
  #errorEvents: LineMarker | null = null
  /** The bytes since the last `event: message_`, while that event is not complete. */
  #open: Buffer | null = null
  #ended = false

  constructor (usage: Usage) {
    this.#usage = usage
  }

  /** Whether nothing is pending that the next event could be a part of. */
  get betweenEvents (): boolean {
    return this.#open === null && this.#messageEvents?.atLineStart === true && this.#errorEvents?.atLineStart === true
  }

  read (chunk: Buffer): void {
    if (this.#messageEvents === null || this.#errorEvents === null) return this.#readFirst(chunk)
    // Told by its ends, without a search.
    if (this.betweenEvents && isLonePart(chunk)) return
    if (this.#errorEvents.find(chunk, 0) !== -1) this.#ended = true
    let at = 0
    if (this.#open !== null) {
      const bytes = Buffer.concat([this.#open, chunk])
      const end = endOfEvent(bytes, Math.max(0, this.#open.length - 2))
      if (end === -1) this.#keep(bytes)
      else this.#take(bytes.subarray(0, end))
    }
    for (;;) {
      at = this.#messageEvents.find(chunk, at)
      if (at === -1) return
      const rest = chunk.subarray(at)
      const end = endOfEvent(rest)
      if (end === -1) this.#keep(rest)
      else this.#take(rest.subarray(0, end))
    }
  }

  /** The blank behind a field's colon is optional, and a stream has it everywhere or nowhere. Its first chunk holds its first event. */
  #readFirst (chunk: Buffer): void {
    const { message, error } = /^event:[^ ]/.test(chunk.toString('latin1', 0, 7)) ? WITHOUT_BLANK : WITH_BLANK
    this.#messageEvents = new LineMarker(message)
    this.#errorEvents = new LineMarker(error)
    this.read(chunk)
  }

  /** @returns whether the stream came to a proper end. */
  finish (): boolean {
    return this.#ended
  }

  #keep (bytes: Buffer): void {
    this.#open = bytes.length > MAX_EVENT ? null : bytes
  }

  /** @param event the bytes of one event, from behind `event: message_` */
  #take (event: Buffer): void {
    this.#open = null
    if (holds(event, 0, STOP)) {
      this.#ended = true
      return
    }
    const data = parsed(eventData(event)) as { usage?: unknown, message?: { usage?: unknown } } | undefined
    mergeUsage(this.#usage, data?.message?.usage ?? data?.usage)
  }
}

class BodyReader {
  readonly betweenEvents = false
  readonly #usage: Usage
  #chunks: Buffer[] = []
  #length = 0

  constructor (usage: Usage) {
    this.#usage = usage
  }

  read (chunk: Buffer): void {
    this.#length += chunk.length
    if (this.#length <= MAX_BODY) this.#chunks.push(chunk)
    else this.#chunks = []
  }

  finish (): boolean {
    const text = (this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)).toString('utf8')
    const body = (endOfMessage(text) ?? parsed(text)) as { usage?: unknown } | undefined
    mergeUsage(this.#usage, body?.usage)
    return true
  }
}

/**
 * What stands in a message from `usage` on, which is its last field but for few. It need not be parsed from the beginning: inside a string the quotes
 * would be escaped, and inside another object what follows would have a bracket too many.
 * @returns undefined when it must be parsed from the beginning
 */
function endOfMessage (text: string): unknown {
  const at = text.lastIndexOf('"usage":')
  return at === -1 || text[at - 1] === '\\' ? undefined : parsed(`{${text.slice(at)}`)
}

/** What an upstream sends may be anything; what cannot be read is not counted. */
function parsed (text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
