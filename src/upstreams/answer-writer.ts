import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'

const CR = 0x0d
const LF = 0x0a
const DIGITS = Buffer.from('0123456789abcdef')

/** What waits for the end of a turn and is copied into one frame at the most, in bytes. More than that is written at once, by Node and uncopied. */
const MOST_COPIED = 32 * 1024

/**
 * Writes an answer to the raw response: what comes in one turn of the event loop leaves at its end, in one write. Once Node has sent the headers of
 * a chunked answer, that is one chunk in one Buffer, framed here and written straight to the connection: Node's own `write` makes four pieces of
 * it, for the system to gather. Everything else (a length that is known, HTTP/1.0, a response that still waits behind another one of its
 * connection) takes Node's way, and so do the beginning and the end, so that Node's own accounts of the response stay right.
 * See docs/decisions/0013-direct-writes.md.
 */
export class AnswerWriter {
  readonly #raw: ServerResponse
  readonly #onFull: () => void
  readonly #onDrain: () => void
  /** What came in this turn. */
  #first: Buffer | null = null
  #more: Buffer[] | null = null
  #length = 0
  /** Node has written the headers and something behind them. */
  #begun = false
  /** The connection, once it may be written to directly. */
  #socket: Socket | null = null
  #waiting = false

  /**
   * @param onFull more has been written than the client takes: nothing should follow until it is drained
   * @param onDrain it takes more again
   */
  constructor (raw: ServerResponse, onFull: () => void, onDrain: () => void) {
    this.#raw = raw
    this.#onFull = onFull
    this.#onDrain = onDrain
  }

  write (bytes: Buffer): void {
    if (bytes.length === 0) return
    if (this.#first === null) {
      this.#first = bytes
      process.nextTick(flush, this)
    } else {
      (this.#more ??= []).push(bytes)
    }
    this.#length += bytes.length
    if (this.#length > MOST_COPIED) this.flush()
  }

  /** Ends the answer properly, with these last bytes if there are any. */
  end (bytes?: Buffer): void {
    if (bytes !== undefined) this.write(bytes)
    const socket = this.#first === null ? null : this.#direct()
    if (socket === null) {
      this.#raw.end(this.#taken() ?? undefined)
    } else {
      // The end uncorks: the last chunk and what marks the end leave together.
      socket.cork()
      this.flush()
      this.#raw.end()
    }
  }

  /** Writes what has come in this turn. */
  flush (): void {
    if (this.#first === null) return
    const socket = this.#direct()
    if (socket === null) return this.#writeByNode()
    const frame = framed(this.#first, this.#more, this.#length)
    this.#forget()
    if (!socket.write(frame)) this.#wait(socket)
  }

  /** The response has closed, and its connection may live on: nothing of it may stay behind. */
  close (): void {
    this.#forget()
    this.#socket?.removeListener('drain', this.#drained)
  }

  #writeByNode (): void {
    const { socket } = this.#raw
    const [first, more, copied] = [this.#first!, this.#more, this.#length <= MOST_COPIED]
    this.#begun = true
    // Corked here, Node need not put the write off to another turn.
    socket?.cork()
    let taken = this.#raw.write(copied ? this.#taken()! : first)
    if (!copied) for (const bytes of more ?? []) taken = this.#raw.write(bytes)
    this.#forget()
    socket?.uncork()
    if (!taken) this.#wait(this.#raw)
  }

  /** What has come in this turn, as one. */
  #taken (): Buffer | null {
    const bytes = this.#more === null ? this.#first : Buffer.concat([this.#first!, ...this.#more], this.#length)
    this.#forget()
    return bytes
  }

  #forget (): void {
    this.#first = this.#more = null
    this.#length = 0
  }

  /** The connection, when it is busy with this response and so far along with it that chunks may follow. */
  #direct (): Socket | null {
    if (!this.#begun || this.#length > MOST_COPIED) return null
    if (this.#socket === null && this.#raw.chunkedEncoding && isBusyWith(this.#raw, this.#raw.socket)) this.#socket = this.#raw.socket
    return this.#socket?.writableEnded === false ? this.#socket : null
  }

  #wait (writable: Socket | ServerResponse): void {
    if (this.#waiting) return
    this.#waiting = true
    writable.once('drain', this.#drained)
    this.#onFull()
  }

  readonly #drained = (): void => {
    this.#waiting = false
    this.#onDrain()
  }
}

function flush (writer: AnswerWriter): void {
  writer.flush()
}

/** Node's own mark for the response whose turn it is; it looks at the same before each write. A response of a test has no real connection. */
function isBusyWith (raw: ServerResponse, socket: Socket | null): socket is Socket {
  return socket instanceof Socket && (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage === raw
}

/** One chunk of the chunked coding. Source: RFC 9112, section 7.1. */
function framed (first: Buffer, more: Buffer[] | null, length: number): Buffer {
  let digits = 1
  for (let rest = length >>> 4; rest > 0; rest >>>= 4) digits++
  const frame = Buffer.allocUnsafe(digits + length + 4)
  for (let at = digits - 1, rest = length; at >= 0; at--, rest >>>= 4) frame[at] = DIGITS[rest & 15]!
  let at = digits
  frame[at++] = CR
  frame[at++] = LF
  frame.set(first, at)
  at += first.length
  for (const bytes of more ?? []) {
    frame.set(bytes, at)
    at += bytes.length
  }
  frame[at++] = CR
  frame[at] = LF
  return frame
}
