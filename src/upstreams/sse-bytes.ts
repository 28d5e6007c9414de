/** Reading server-sent events as bytes: nothing here decodes text or builds strings per chunk. */

const LF = 0x0a
const CR = 0x0d
/** `content_block_start`, `…_delta` and `…_stop` begin with it, and no other event does. Source: Anthropic streaming documentation. */
const LETTER_C = 0x63
const EVENT = Buffer.from('event: ')
const DATA = Buffer.from('data: ')

/** Finds, over any chunking, where the last complete event ends: only there may something of our own follow. */
export class EventSplitter {
  /** Line feeds at the very end of the stream so far, carriage returns ignored; 2 or more is a blank line. */
  #trailing = 2

  /** Whether the stream so far ends with a whole event. */
  get between (): boolean {
    return this.#trailing === 2
  }

  /** @returns the index just behind the last blank line that ends in this chunk, or 0 when none does */
  split (chunk: Buffer): number {
    const before = this.#trailing
    this.#trailing = trailingFeeds(chunk, before)
    for (let at = chunk.length - 1; at >= 0; at--) {
      if (chunk[at] !== LF) at = chunk.lastIndexOf(LF, at)
      if (at === -1) return 0
      const previous = chunk[at - 1] === CR ? at - 2 : at - 1
      if (previous < 0 ? before > 0 : chunk[previous] === LF) return at + 1
    }
    return 0
  }
}

function trailingFeeds (chunk: Buffer, before: number): number {
  let feeds = 0
  for (let at = chunk.length - 1; at >= 0; at--) {
    if (chunk[at] === LF) feeds++
    else if (chunk[at] !== CR) return feeds
    if (feeds === 2) return feeds
  }
  return Math.min(2, before + feeds)
}

/**
 * The index just behind the first complete event (its blank line included), or -1.
 * @param from where the search starts; bytes before it are known to hold no end of an event
 */
export function endOfEvent (bytes: Buffer, from = 0): number {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3
  }
  return -1
}

/** Whether the bytes, which begin a line, are one whole event of two lines that is a part of a content block, as most of a stream are. */
export function isLonePart (bytes: Buffer): boolean {
  const last = bytes.length - 1
  if (last < 9 || bytes[last] !== LF || bytes[last - 1] !== LF || bytes[EVENT.length] !== LETTER_C || !holds(bytes, 0, EVENT)) return false
  const line = bytes.indexOf(LF, EVENT.length)
  return line < last - 1 && bytes.indexOf(LF, line + 1) === last - 1
}

/** Whether a few bytes stand at an index; byte by byte, which for a few is the fastest. */
export function holds (bytes: Buffer, at: number, few: Buffer): boolean {
  for (let index = 0; index < few.length; index++) if (bytes[at + index] !== few[index]) return false
  return true
}

/** The joined `data:` lines of one event's bytes, as text. */
export function eventData (event: Buffer): string {
  const only = onlyData(event)
  if (only !== null) return only
  const lines = event.toString('utf8').split('\n').filter((line) => line.startsWith('data:'))
  return lines.map((line) => line.slice(line[5] === ' ' ? 6 : 5, line.endsWith('\r') ? -1 : undefined)).join('\n')
}

/** The data of an event of two lines, its name and its data, as nearly all are; null for any other. */
function onlyData (event: Buffer): string | null {
  const name = event.indexOf(LF)
  const end = event.length - 2
  if (name === -1 || event[end] !== LF || event[end + 1] !== LF || event.indexOf(LF, name + 1) !== end || event[end - 1] === CR) return null
  return holds(event, name + 1, DATA) ? event.toString('utf8', name + 1 + DATA.length, end) : null
}

/** What {@link LineMarker} looks for. */
export function lineMarker (text: string): Buffer {
  return Buffer.from(`\n${text}`)
}

/**
 * Finds a marker that starts a line, over any chunking. A line feed inside JSON is always escaped, so the text of an answer can
 * never look like the start of a line. The marker may hold no line feed of its own.
 */
export class LineMarker {
  readonly #marker: Buffer
  /** How much of the marker the bytes so far end with. The stream's start counts as a line feed. */
  #matched = 1

  /** @param marker with a line feed before it, see {@link lineMarker} */
  constructor (marker: Buffer) {
    this.#marker = marker
  }

  /** Whether the stream so far ends with a whole line. */
  get atLineStart (): boolean {
    return this.#matched === 1
  }

  /** @returns the index just behind the next marker at or after `from`, or -1 when the chunk holds no further one. */
  find (chunk: Buffer, from: number): number {
    if (this.#matched > 0 && from === 0) {
      const behind = this.#continue(chunk)
      if (behind !== 0) return behind
    }
    const at = chunk.indexOf(this.#marker, from)
    if (at !== -1) return at + this.#marker.length
    this.#matched = this.#tail(chunk, from)
    return -1
  }

  /** Goes on with a match begun in an earlier chunk: index behind the marker, -1 when the chunk ended first, 0 when it was none. */
  #continue (chunk: Buffer): number {
    // Byte by byte: nearly every chunk begins a line with the name of another event, and differs after a few bytes.
    for (let at = 0; at < chunk.length; at++) {
      if (chunk[at] !== this.#marker[this.#matched]) {
        this.#matched = 0
        return 0
      }
      if (++this.#matched === this.#marker.length) {
        this.#matched = 0
        return at + 1
      }
    }
    return -1
  }

  /** The length of the longest start of the marker that the chunk ends with. Only one line feed can begin it: the last. */
  #tail (chunk: Buffer, from: number): number {
    if (chunk[chunk.length - 1] === LF) return from < chunk.length ? 1 : 0
    const start = chunk.lastIndexOf(LF)
    const length = chunk.length - start
    if (start < from || length >= this.#marker.length) return 0
    return chunk.compare(this.#marker, 0, length, start) === 0 ? length : 0
  }
}
