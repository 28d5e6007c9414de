import { startsWith } from './delta-bytes.ts'

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const DATA = Buffer.from('data:')
const NEW_LINE = Buffer.from('\n')

/** What a stream of server-sent events holds. Only the data counts: both protocols say in it what their events are. */
export interface DataHandler {
  /** One event, complete. */
  data (bytes: Buffer): void
  /** A line, or the data of one event, is longer than is allowed. Nothing follows. */
  tooLong (): void
}

/**
 * Splits server-sent events out of their bytes, over any chunking. The data of an event of one line, which is nearly every event, is a view of
 * the chunk. An event counts when the blank line behind it has come. Source: HTML standard, server-sent events, 9.2.6.
 */
export class EventReader {
  readonly #handler: DataHandler
  readonly #most: number
  /** What has come of a line that is not complete. */
  #pieces: Buffer[] = []
  #piecesLength = 0
  /** The data of the event that is not complete: its first line, and the lines behind it where there are any. */
  #data: Buffer | null = null
  #lines: Buffer[] | null = null
  #dataLength = 0
  #over = false

  /** @param most bytes that a line, and the data of an event, may have */
  constructor (handler: DataHandler, most: number) {
    this.#handler = handler
    this.#most = most
  }

  /** Whether reading has ended: what follows is passed over. */
  get over (): boolean {
    return this.#over
  }

  /** Reads no further, also not in the chunk that is being read. */
  stop (): void {
    this.#over = true
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
    if (this.#piecesLength > this.#most) return this.#fail()
    this.#pieces.push(piece)
  }

  #joinedLine (last: Buffer): void {
    this.#pieces.push(last)
    const line = Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#piecesLength = 0
    this.#line(line, 0, line.length)
  }

  #line (bytes: Buffer, start: number, feed: number): void {
    // Measured with a return that may end it, as an incomplete line is: where the stream is cut makes no difference.
    if (feed - start > this.#most) return this.#fail()
    const end = feed > start && bytes[feed - 1] === CR ? feed - 1 : feed
    if (end === start) return this.#event()
    if (end - start < DATA.length || !startsWith(bytes, DATA, start)) return
    this.#add(bytes.subarray(start + DATA.length + (bytes[start + DATA.length] === SPACE ? 1 : 0), end))
  }

  #add (line: Buffer): void {
    this.#dataLength += line.length + 1
    if (this.#dataLength > this.#most) return this.#fail()
    if (this.#data === null) this.#data = line
    else if (this.#lines === null) this.#lines = [this.#data, NEW_LINE, line]
    else this.#lines.push(NEW_LINE, line)
  }

  #event (): void {
    if (this.#data === null) return
    const data = this.#lines === null ? this.#data : Buffer.concat(this.#lines)
    this.#data = null
    this.#lines = null
    this.#dataLength = 0
    this.#handler.data(data)
  }

  #fail (): void {
    this.#over = true
    this.#handler.tooLong()
  }
}
