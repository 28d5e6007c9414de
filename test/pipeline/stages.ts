import type { IncomingHttpHeaders } from 'node:http'
import type { GatewayError } from '../../src/errors.ts'
import { FirstEventHold } from '../../src/upstreams/first-event-hold.ts'
import type { Sink } from '../../src/upstreams/sink.ts'
import { emptyUsage, type Usage } from '../../src/upstreams/usage.ts'
import { UsageTap } from '../../src/upstreams/usage-tap.ts'

/** The last stage: keeps what arrives. */
export class Collector implements Sink {
  readonly chunks: Buffer[] = []
  status = 0
  headers: IncomingHttpHeaders = {}
  outcome: 'open' | 'ended' | GatewayError = 'open'

  start (status: number, headers: IncomingHttpHeaders): void {
    this.status = status
    this.headers = headers
  }

  data (chunk: Buffer): boolean {
    this.chunks.push(chunk)
    return true
  }

  end (): void {
    this.outcome = 'ended'
  }

  fail (error: GatewayError): void {
    this.outcome = error
  }

  get bytes (): Buffer {
    return Buffer.concat(this.chunks)
  }
}

export const STREAM = { 'content-type': 'text/event-stream; charset=utf-8' }
export const JSON_BODY = { 'content-type': 'application/json' }

/** Sends an answer through the stages between the two sockets, in the given chunks. */
export function pass (chunks: Buffer[], headers: IncomingHttpHeaders): { collector: Collector, usage: Usage } {
  const collector = new Collector()
  const usage = emptyUsage()
  const stages = new FirstEventHold(new UsageTap(collector, usage), () => true)
  stages.start(200, headers)
  for (const chunk of chunks) stages.data(chunk)
  stages.end()
  return { collector, usage }
}
