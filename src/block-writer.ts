import { write, writeSync } from 'node:fs'

/** How long a reader that is behind is left alone, in milliseconds. */
const BREATH = 50
/** How long the process waits for such a reader before it goes, in milliseconds. */
const LAST_WAIT = 2_000

/**
 * Writes blocks to a file descriptor, one behind the other and without holding up the event loop. A reader that has gone ends it for good. It is in
 * the place of sonic-boom, which pino brings: that one loses the block that waits for a slow reader when the process exits, and never lets it exit
 * when the reader has gone.
 */
export class BlockWriter {
  readonly #fd: number
  readonly #most: number
  #blocks: Buffer[] = []
  /** Bytes of the blocks that wait. */
  #waiting = 0
  /** A block is with the system, or will be tried again in a moment. */
  #busy = false
  #broken = false
  #whenIdle: Array<() => void> = []

  /** @param most that may wait, in bytes; what would be more is dropped */
  constructor (fd: number, most: number) {
    this.#fd = fd
    this.#most = most
  }

  write (block: Buffer): void {
    if (this.#broken || this.#waiting + block.length > this.#most) return
    this.#blocks.push(block)
    this.#waiting += block.length
    if (this.#busy) return
    // Not in this very moment: what is to be written before the process goes must not be with the system already.
    this.#busy = true
    process.nextTick(() => this.#goOn())
  }

  /** Resolves when everything is written, or the reader has gone. */
  idle (): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve)
      if (!this.#busy) this.#next()
    })
  }

  /** Writes what waits before it returns. What is with the system at that moment is left to it. */
  flushSync (): void {
    const until = performance.now() + LAST_WAIT
    for (let block = this.#take(); block !== undefined; block = this.#take()) {
      try {
        this.#putBack(block.subarray(writeSync(this.#fd, block)))
      } catch (error) {
        if (!isBusy(error) || performance.now() > until) return this.#giveUp()
        this.#putBack(block)
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BREATH)
      }
    }
  }

  #next (): void {
    const block = this.#take()
    if (block === undefined) {
      for (const resolve of this.#whenIdle.splice(0)) resolve()
      return
    }
    this.#busy = true
    write(this.#fd, block, (error, written) => {
      if (error !== null && !isBusy(error)) this.#giveUp()
      else this.#putBack(error === null ? block.subarray(written) : block)
      if (error === null) this.#goOn()
      else setTimeout(() => this.#goOn(), BREATH)
    })
  }

  #goOn (): void {
    this.#busy = false
    this.#next()
  }

  #take (): Buffer | undefined {
    const block = this.#blocks.shift()
    this.#waiting -= block?.length ?? 0
    return block
  }

  /** What of a block has not been written. */
  #putBack (rest: Buffer): void {
    if (rest.length === 0 || this.#broken) return
    this.#blocks.unshift(rest)
    this.#waiting += rest.length
  }

  #giveUp (): void {
    this.#broken = true
    this.#blocks = []
    this.#waiting = 0
  }
}

/** The reader is behind. */
function isBusy (error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EAGAIN' || code === 'EBUSY'
}
