/** So many bytes are copied faster one by one than by a call out of JavaScript. */
const SHORT = 48

/** Bytes of an answer in the making: frames and pieces are copied one behind the other, and taken as one Buffer. */
export class ByteWriter {
  #bytes: Buffer
  #length = 0

  /** @param room bytes that will be needed, as far as can be told; more is found when it is not enough */
  constructor (room = 1_024) {
    this.#bytes = Buffer.allocUnsafe(room)
  }

  get length (): number {
    return this.#length
  }

  /** Makes sure that so many more bytes fit. */
  reserve (more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#length + more, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }

  /** Appends a part of some bytes. */
  copy (source: Buffer, start: number, end: number): void {
    this.reserve(end - start)
    if (end - start > SHORT) {
      this.#length += source.copy(this.#bytes, this.#length, start, end)
      return
    }
    const bytes = this.#bytes
    let at = this.#length
    for (let from = start; from < end; from++) bytes[at++] = source[from]!
    this.#length = at
  }

  bytes (source: Buffer): void {
    this.reserve(source.length)
    this.#bytes.set(source, this.#length)
    this.#length += source.length
  }

  text (text: string): void {
    // Never more than three bytes for one unit of UTF-16.
    this.reserve(text.length * 3)
    this.#length += this.#bytes.write(text, this.#length)
  }

  /** @returns what was written since the last time; the next frame begins a new Buffer */
  take (): Buffer {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#bytes = this.#bytes.subarray(this.#length)
    this.#length = 0
    return taken
  }

  /** What was written, as text. */
  toString (): string {
    return this.#bytes.toString('utf8', 0, this.#length)
  }
}
