/** Bodies smaller than this, in bytes, are left to the collector. Buffer's pool never makes larger ones: they share their memory with nobody. */
const LARGE = 64 * 1024

/**
 * A large body on its way upstream, whose memory is given back as soon as nobody needs it: left to the collector, a few hundred of them make it
 * search the whole heap, which costs more than everything else that is done for the request.
 *
 * undici asks for what follows when the connection has taken what it was given, or has closed. Then, and not before, nothing below reads these bytes
 * any more.
 */
export class LargeBody implements Iterable<Buffer> {
  readonly length: number
  #bytes: Buffer
  /** How often it is being sent. A sending that undici breaks off counts for ever: nobody says when its connection has let go of the bytes. */
  #underWay = 0
  #released = false

  /** @param bytes of which nobody else keeps a view */
  constructor (bytes: Buffer) {
    this.#bytes = bytes
    this.length = bytes.length
  }

  * [Symbol.iterator] (): Generator<Buffer, void> {
    this.#underWay++
    yield this.#bytes
    this.#underWay--
    this.#giveBack()
  }

  /** It will not be sent again. */
  release (): void {
    this.#released = true
    this.#giveBack()
  }

  #giveBack (): void {
    if (this.#released && this.#underWay === 0) giveBack(this.#bytes)
  }
}

/** A body as it is handed to undici. */
export function sendable (body: Buffer | null): Buffer | LargeBody | null {
  return body !== null && body.length >= LARGE ? new LargeBody(body) : body
}

/** Gives the memory of bytes back at once. They are empty afterwards, and so is every other view of them. */
export function giveBack ({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0)
}
