import type { GatewayError } from './errors.ts'
import { emptyUsage, type Usage } from './upstreams/usage.ts'

/** What one request's log line is made of; whoever learns something writes it here. Never a header, a body or a key. */
export interface RequestRecord {
  /** All times are `performance.now()` milliseconds. */
  startedAt: number
  firstByteAt: number | null
  tokenId: string | null
  mode: string | null
  model: string | null
  /** The id of the upstream credential, never the credential. */
  keyId: string | null
  /** Attempts that were sent upstream. */
  attempts: number
  /** Which keys were passed over and why, and which were used, in order. */
  trail: string[]
  upstreamRequestId: string | null
  usage: Usage
  /** How a relayed answer ended; null for an ordinary one. */
  outcome: string | null
  error: GatewayError | null
}

export function createRecord (): RequestRecord {
  return {
    startedAt: performance.now(),
    firstByteAt: null,
    tokenId: null,
    mode: null,
    model: null,
    keyId: null,
    attempts: 0,
    trail: [],
    upstreamRequestId: null,
    usage: emptyUsage(),
    outcome: null,
    error: null
  }
}
