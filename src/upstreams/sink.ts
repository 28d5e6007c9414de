import type { IncomingHttpHeaders } from 'node:http'
import type { GatewayError } from '../errors.ts'
import { single } from './headers.ts'

/**
 * One stage of the byte pipeline. Stages are plain objects that call the next one:
 *
 *     client socket ← ClientSink ← UsageTap ← FirstEventHold ← UpstreamFlow ← upstream
 *
 * Calls arrive as `start`, any number of `data`, then one of `end` or `fail`; `fail` may also come alone.
 * Chunks are handed on, not copied: the Buffer that the upstream connection read is the Buffer that is written (only what is held back until
 * the first event is complete may be joined).
 */
export interface Sink {
  /** The answer's status and headers, as the stage before saw them (names in lower case). */
  start (status: number, headers: IncomingHttpHeaders): void
  /** @returns false to ask the source to pause until it is told to resume. */
  data (chunk: Buffer): boolean
  /** The answer is whole. */
  end (): void
  /** The answer will not be whole. */
  fail (error: GatewayError): void
  /**
   * Where an event that is a delta and nothing else may be handed to, past the stages that have nothing to do with it; null when one of them
   * needs to see it. Holds until `data` is called again. A stage without it sees everything.
   */
  shortcut? (): DeltaSink | null
}

/** The far end of a shortcut. */
export interface DeltaSink {
  /**
   * Takes one whole event.
   * @returns false to ask the source to pause until it is told to resume
   */
  delta (event: Buffer): boolean
}

/** The handle on a running upstream request. */
export interface Flow {
  /** Ends a pause that a `data` call asked for. */
  resume (): void
  /** Gives the request up, whatever its state. Nothing reaches the sink afterwards. */
  abort (): void
}

/** True when the headers announce a stream of server-sent events that can be read (and added to) as text. */
export function isEventStream (headers: IncomingHttpHeaders): boolean {
  return (single(headers, 'content-type') ?? '').startsWith('text/event-stream') && (single(headers, 'content-encoding') ?? 'identity') === 'identity'
}
