import { setTimeout as sleep } from 'node:timers/promises'
import type { DestinationStream } from 'pino'
import { BlockWriter } from './block-writer.ts'

/** How long a line may wait for company, in milliseconds. */
const PATIENCE = 200
/** Lines that are written together, in bytes: a write costs what many lines do. */
const TOGETHER = 16 * 1024
/** What may wait for a reader that does not read, in bytes; lines past it are dropped. */
const MOST_WAITING = 16 * 1024 * 1024

/** How long a reader of the log may take for its end, in milliseconds. */
const LAST_READ = 2_000

export interface LogDestination extends DestinationStream {
  /** Writes what waits at once; pino asks for it behind a fatal line. */
  flushSync (): void
  /** Resolves when everything is written, or its reader has been given up. */
  end (): Promise<void>
}

/** Takes bytes that nobody changes any more. */
interface ByteSink {
  write (bytes: Buffer): unknown
}

/** Puts lines one behind the other into blocks, and hands each on when it is full. */
export class LineCollector {
  readonly #sink: ByteSink
  readonly #size: number
  readonly #onBegin: () => void
  #block: Buffer
  #length = 0

  /**
   * @param size of a block, in bytes; a line that is longer goes by itself
   * @param onBegin called when an empty block gets its first line
   */
  constructor (sink: ByteSink, size: number, onBegin: () => void = () => {}) {
    this.#sink = sink
    this.#size = size
    this.#onBegin = onBegin
    this.#block = Buffer.allocUnsafeSlow(size)
  }

  write (line: string): void {
    // Three bytes for a UTF-16 unit are the most that UTF-8 takes.
    if (this.#length + line.length * 3 > this.#size) {
      this.flush()
      if (line.length * 3 > this.#size) {
        this.#sink.write(Buffer.from(line))
        return
      }
    }
    if (this.#length === 0) this.#onBegin()
    this.#length += this.#block.write(line, this.#length)
  }

  /** Hands on what there is. */
  flush (): void {
    if (this.#length === 0) return
    this.#sink.write(this.#block.subarray(0, this.#length))
    this.#block = Buffer.allocUnsafeSlow(this.#size)
    this.#length = 0
  }
}

/**
 * Standard output, written a few lines at a time: a write of its own for each line would cost as much as the rest of the gateway's work on
 * a small request. What waits is written at exit, whatever the cause, but for SIGKILL and a crash of the machine; only a block that is being written
 * just then can be lost, and not even that after `end`.
 */
export function logDestination (): LogDestination {
  const output = new BlockWriter(1, MOST_WAITING)
  const lines = new LineCollector(output, TOGETHER, schedule)
  let [timer, flushedAt]: [NodeJS.Timeout | null, number] = [null, -PATIENCE]

  function flush (): void {
    lines.flush()
    flushedAt = performance.now()
  }

  /** The first line after a pause goes with the turn in which it comes; what follows it waits for company. */
  function schedule (): void {
    timer ??= setTimeout(() => {
      timer = null
      flush()
    }, Math.max(0, flushedAt + PATIENCE - performance.now())).unref()
  }

  function flushSync (): void {
    flush()
    output.flushSync()
  }

  // A process that ends by itself has the time to write all of it; one that exits has not.
  process.on('beforeExit', flush)
  process.on('exit', flushSync)
  return {
    write: (line) => lines.write(line),
    flushSync,
    async end () {
      flush()
      await Promise.race([output.idle(), sleep(LAST_READ, undefined, { ref: false })])
    }
  }
}
