import { EventEmitter } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'

/** A request as it arrived, before anything read it. */
export interface SeenRequest {
  method: string
  /** Path and query. */
  url: string
  headers: IncomingHttpHeaders
  /** Names and values in turn, in the order and case in which they came. */
  rawHeaders: string[]
  body: Buffer
}

interface LedgerEvents {
  /** A request is here with its whole body. */
  request: [SeenRequest]
  /** An answer went out as it was meant to, faults included. */
  finished: []
  /** A client went away before its answer was complete. */
  aborted: []
}

/** What went on, for those who test against the simulator: counters to read and events to wait for. */
export class Ledger extends EventEmitter<LedgerEvents> {
  /** Requests so far, probes included. */
  requests = 0
  /** Requests that are being answered now. */
  open = 0
  finished = 0
  aborted = 0
  /** Connections that are open now. */
  connections = 0

  begin (): void {
    this.requests++
    this.open++
  }

  end (how: 'finished' | 'aborted'): void {
    this.open--
    this[how]++
    this.emit(how)
  }
}
