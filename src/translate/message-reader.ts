import { readDelta, type DeltaKind, type Found } from './delta-bytes.ts'
import { EventReader, type DataHandler } from './event-reader.ts'
import { isObject, objectOf, textOf, type Fields } from './fields.ts'
import { literalOf } from './literal.ts'
import type { WireError } from './messages.ts'

/** A line longer than this, in bytes, is no event of the API. */
const MAX_LINE = 32 * 1024 * 1024

/** What a stream of the Messages protocol says, event by event. Nothing follows `messageStop` or `failed`. */
export interface MessageHandler {
  messageStart (message: Fields): void
  blockStart (index: number, block: Fields): void
  /**
   * A piece of a block: the inside of a JSON string literal, as it stands between its quotes in `bytes[start, end)`. What is escaped stays
   * escaped, and a character may be cut in two at a surrogate's escape: only the pieces of a block together are text.
   */
  delta (index: number, kind: DeltaKind, bytes: Buffer, start: number, end: number): void
  signature (index: number, signature: string): void
  blockStop (index: number): void
  messageDelta (delta: Fields, usage: unknown): void
  messageStop (): void
  /** The stream told of an error, or what came is not the protocol. */
  failed (error: WireError): void
}

/**
 * Reads a stream of the Messages protocol from its bytes, over any chunking. The deltas, which are nearly all of it, are not parsed: the
 * literal in them is found, and handed on where it stands. Events, deltas and fields that nobody knows are passed over.
 */
export class MessageReader implements DataHandler {
  readonly #handler: MessageHandler
  readonly #found: Found = { index: 0, kind: 'text', start: 0, end: 0 }
  readonly #events: EventReader

  constructor (handler: MessageHandler) {
    this.#handler = handler
    this.#events = new EventReader(this, MAX_LINE)
  }

  /** Whether the stream came to its end, or failed: what follows is not read. */
  get over (): boolean {
    return this.#events.over
  }

  read (chunk: Buffer): void {
    this.#events.read(chunk)
  }

  data (data: Buffer): void {
    if (readDelta(data, this.#found)) {
      const { index, kind, start, end } = this.#found
      return this.#handler.delta(index, kind, data, start, end)
    }
    let event: unknown
    try {
      event = JSON.parse(data.toString())
    } catch {
      return this.#fail('The upstream sent an event that is not JSON.')
    }
    if (isObject(event)) this.#parsed(event)
  }

  tooLong (): void {
    this.#fail('The upstream sent an event of more than 32 MiB.')
  }

  #parsed (event: Fields): void {
    const index = typeof event['index'] === 'number' ? event['index'] : -1
    switch (event['type']) {
      case 'message_start': return this.#handler.messageStart(objectOf(event['message']))
      case 'content_block_start': return this.#handler.blockStart(index, objectOf(event['content_block']))
      case 'content_block_delta': return this.#parsedDelta(index, objectOf(event['delta']))
      case 'content_block_stop': return this.#handler.blockStop(index)
      case 'message_delta': return this.#handler.messageDelta(objectOf(event['delta']), event['usage'])
      case 'message_stop':
        this.#events.stop()
        return this.#handler.messageStop()
      case 'error':
        this.#events.stop()
        return this.#handler.failed(errorOf(event['error']))
    }
  }

  /** A delta that is written otherwise than usual. */
  #parsedDelta (index: number, delta: Fields): void {
    switch (delta['type']) {
      case 'text_delta': return this.#text(index, 'text', delta['text'])
      case 'thinking_delta': return this.#text(index, 'thinking', delta['thinking'])
      case 'input_json_delta': return this.#text(index, 'input', delta['partial_json'])
      case 'signature_delta': return this.#handler.signature(index, textOf(delta['signature']))
    }
  }

  #text (index: number, kind: DeltaKind, text: unknown): void {
    const literal = literalOf(textOf(text))
    this.#handler.delta(index, kind, literal, 0, literal.length)
  }

  #fail (message: string): void {
    this.#events.stop()
    this.#handler.failed({ type: 'api_error', message })
  }
}

function errorOf (value: unknown): WireError {
  const { type, message } = objectOf(value)
  return { type: textOf(type) || 'api_error', message: textOf(message) || 'The upstream told of an error without saying which.' }
}
