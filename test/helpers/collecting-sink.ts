import type { IncomingHttpHeaders } from 'node:http'
import type { GatewayError } from '../../src/errors.ts'
import type { Sink } from '../../src/upstreams/sink.ts'

/** The end of a pipeline under test: keeps what it is told. */
export class CollectingSink implements Sink {
  status: number | null = null
  headers: IncomingHttpHeaders = {}
  readonly chunks: Buffer[] = []
  ended = 0
  readonly errors: GatewayError[] = []
  /** What `data` answers. */
  more = true

  start (status: number, headers: IncomingHttpHeaders): void {
    this.status = status
    this.headers = headers
  }

  data (chunk: Buffer): boolean {
    this.chunks.push(chunk)
    return this.more
  }

  end (): void {
    this.ended++
  }

  fail (error: GatewayError): void {
    this.errors.push(error)
  }

  get text (): string {
    return Buffer.concat(this.chunks).toString()
  }
}
