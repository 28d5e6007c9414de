import { readDelta, startsWith, type DeltaKind, type Found } from './delta-bytes.ts'
import { isObject, textOf, type Fields } from './fields.ts'
import { literalOf } from './literal.ts'
import type { WireError } from './messages.ts'

/** A line longer than this, in bytes, is no event of the API. */
const MAX_LINE = 32 * 1024 * 1024
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const DATA = Buffer.from('data:')

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
 * literal in them is found, and handed on where it stands. An event counts when the blank line behind it has come. Events, deltas and
 * fields that nobody knows are passed over.
 */
export class MessageReader {
  readonly #handler: MessageHandler
  readonly #found: Found = { index: 0, kind: 'text', start: 0, end: 0 }
  /** What has come of a line that is not complete. */
  #pieces: Buffer[] = []
  #piecesLength = 0
  /** The `data` of the event that is not complete: bytes of one line; more lines are joined. */
  #data: Buffer | null = null
  #over = false

  constructor (handler: MessageHandler) {
    this.#handler = handler
  }

  /** Whether the stream came to its end, or failed: what follows is not read. */
  get over (): boolean {
    return this.#over
  }

  read (chunk: Buffer): void {
    let from = 0
    while (!this.#over) {
      const feed = chunk.indexOf(LF, from)
      if (feed === -1) return this.#keep(chunk.subarray(from))
      if (this.#piecesLength === 0) this.#line(chunk, from, feed)
      else this.#joinedLine(chunk.subarray(from, feed))
      from = feed + 1
    }
  }

  #keep (piece: Buffer): void {
    if (piece.length === 0) return
    this.#piecesLength += piece.length
    if (this.#piecesLength > MAX_LINE) return this.#fail('The upstream sent an event of more than 32 MiB.')
    this.#pieces.push(piece)
  }

  #joinedLine (last: Buffer): void {
    const line = Buffer.concat([...this.#pieces, last])
    this.#pieces = []
    this.#piecesLength = 0
    this.#line(line, 0, line.length)
  }

  #line (bytes: Buffer, start: number, feed: number): void {
    const end = feed > start && bytes[feed - 1] === CR ? feed - 1 : feed
    if (end === start) {
      const data = this.#data
      this.#data = null
      if (data !== null) this.#event(data)
    } else if (end - start >= DATA.length && startsWith(bytes, DATA, start)) {
      const from = start + DATA.length + (bytes[start + DATA.length] === SPACE ? 1 : 0)
      const data = bytes.subarray(from, end)
      this.#data = this.#data === null ? data : Buffer.concat([this.#data, Buffer.from('\n'), data])
    }
  }

  #event (data: Buffer): void {
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

  #parsed (event: Fields): void {
    const index = typeof event['index'] === 'number' ? event['index'] : -1
    switch (event['type']) {
      case 'message_start': return this.#handler.messageStart(objectOf(event['message']))
      case 'content_block_start': return this.#handler.blockStart(index, objectOf(event['content_block']))
      case 'content_block_delta': return this.#parsedDelta(index, objectOf(event['delta']))
      case 'content_block_stop': return this.#handler.blockStop(index)
      case 'message_delta': return this.#handler.messageDelta(objectOf(event['delta']), event['usage'])
      case 'message_stop':
        this.#over = true
        return this.#handler.messageStop()
      case 'error':
        this.#over = true
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
    this.#over = true
    this.#handler.failed({ type: 'api_error', message })
  }
}

function objectOf (value: unknown): Fields {
  return isObject(value) ? value : {}
}

function errorOf (value: unknown): WireError {
  const { type, message } = objectOf(value)
  return { type: textOf(type) || 'api_error', message: textOf(message) || 'The upstream told of an error without saying which.' }
}
