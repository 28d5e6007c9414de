import type { IncomingHttpHeaders } from 'node:http'
import type { GatewayError } from '../errors.ts'
import type { Sink } from './sink.ts'

/**
 * A file or a container in the structure of an answer. In what a model says or passes to a tool as it streams, quotes are escaped: that cannot look
 * like this. Source: `@anthropic-ai/sdk` 1.12, `CodeExecutionOutputBlock` and `Container`.
 */
const MADE = /"(?:file_id|id)": ?"((?:file|container)_[0-9A-Za-z]{8,64})"/g
/** Longer than any such piece, in bytes. */
const LONGEST = 128

/** Notes the files and containers that tools make in the course of an answer. Chunks are handed on as they came. */
export class MadeFilesTap implements Sink {
  readonly #next: Sink
  readonly #onMade: (ids: string[]) => void
  readonly #seen = new Set<string>()
  #tail = ''

  /** @param onMade told of each id once, before the client can have seen it whole */
  constructor (next: Sink, onMade: (ids: string[]) => void) {
    this.#next = next
    this.#onMade = onMade
  }

  start (status: number, headers: IncomingHttpHeaders): void {
    this.#next.start(status, headers)
  }

  data (chunk: Buffer): boolean {
    const text = this.#tail + chunk.toString('latin1')
    const ids = [...text.matchAll(MADE)].map((match) => match[1]!).filter((id) => !this.#seen.has(id))
    this.#tail = text.slice(-LONGEST)
    for (const id of ids) this.#seen.add(id)
    if (ids.length > 0) this.#onMade(ids)
    return this.#next.data(chunk)
  }

  end (): void {
    this.#next.end()
  }

  fail (error: GatewayError): void {
    this.#next.fail(error)
  }
}
