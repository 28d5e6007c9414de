/** Reading server-sent events as bytes: nothing here decodes text or builds strings per chunk. */

const LF = 0x0a
const CR = 0x0d

/**
 * Tracks, over any chunking, whether the bytes so far end at an event boundary (a blank line, or nothing at all).
 * Only there may something of our own be put between the upstream's events.
 */
export class BoundaryTracker {
  /** Line feeds at the very end of the stream so far, carriage returns ignored; 2 or more is a blank line. */
  #trailing = 2

  see (chunk: Buffer): void {
    let at = chunk.length - 1
    let feeds = 0
    while (at >= 0 && feeds < 2) {
      const byte = chunk[at]
      if (byte === LF) feeds++
      else if (byte !== CR) break
      at--
    }
    this.#trailing = at < 0 ? Math.min(2, this.#trailing + feeds) : feeds
  }

  get atBoundary (): boolean {
    return this.#trailing >= 2
  }

  /** Whether the next byte begins a line. */
  get atLineStart (): boolean {
    return this.#trailing >= 1
  }
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

/** The joined `data:` lines of one event's bytes, as text. */
export function eventData (event: Buffer): string {
  const lines: string[] = []
  for (const line of event.toString('utf8').split(/\r?\n/)) {
    if (line.startsWith('data:')) lines.push(line.slice(line[5] === ' ' ? 6 : 5))
  }
  return lines.join('\n')
}

/**
 * Finds a marker that starts a line, over any chunking. A line feed inside JSON is always escaped, so the text of an answer can
 * never look like the start of a line. The marker may hold no line feed of its own.
 */
export class LineMarker {
  readonly #marker: Buffer
  /** How much of the marker the bytes so far end with. The stream's start counts as a line feed. */
  #matched = 1

  constructor (text: string) {
    this.#marker = Buffer.from(`\n${text}`)
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
    const missing = this.#marker.length - this.#matched
    const length = Math.min(missing, chunk.length)
    const matches = chunk.compare(this.#marker, this.#matched, this.#matched + length, 0, length) === 0
    if (!matches) {
      this.#matched = 0
      return 0
    }
    this.#matched = length === missing ? 0 : this.#matched + length
    return length === missing ? length : -1
  }

  /** The length of the longest start of the marker that the chunk ends with. Only one line feed can begin it: the last. */
  #tail (chunk: Buffer, from: number): number {
    const start = chunk.lastIndexOf(0x0a)
    const length = chunk.length - start
    if (start < from || length >= this.#marker.length) return 0
    return chunk.compare(this.#marker, 0, length, start) === 0 ? length : 0
  }
}
