import type { IncomingHttpHeaders } from 'node:http'
import { single } from './headers.ts'

/**
 * What an attempt said about its credential.
 * - `ok`: the credential works.
 * - `credential`: refused as such (401, 403).
 * - `quota`: rate limited until a time.
 * - `neutral`: the request, the platform or the client was at fault; nothing is learnt of the credential. A fault worth telling has a reason.
 */
export type AttemptOutcome =
  | { kind: 'ok' }
  | { kind: 'credential', reason: string }
  | { kind: 'quota', reason: string, /** Milliseconds to wait, as the upstream said; null when it did not. */ retryAfter: number | null }
  | { kind: 'neutral', reason: string | null }

/** Reads the outcome off an upstream's status line and headers. */
export function outcomeOf (status: number, headers: IncomingHttpHeaders, now: number): AttemptOutcome {
  if (status < 400) return { kind: 'ok' }
  if (status === 401 || status === 403) return { kind: 'credential', reason: `the upstream answered ${status}` }
  if (status === 429) return { kind: 'quota', reason: 'the upstream answered 429', retryAfter: retryAfter(headers, now) }
  return { kind: 'neutral', reason: status >= 500 ? `the upstream answered ${status}` : null }
}

/**
 * Milliseconds until the upstream wants to be asked again: `retry-after-ms`, else `retry-after` in seconds or as an HTTP date (RFC 9110, 10.2.3).
 * @returns null when it does not say, or says nothing that can be read
 */
export function retryAfter (headers: IncomingHttpHeaders, now: number): number | null {
  const ms = Number(single(headers, 'retry-after-ms') ?? NaN)
  if (Number.isFinite(ms) && ms >= 0) return ms
  const text = single(headers, 'retry-after')?.trim()
  if (text === undefined || text === '') return null
  const seconds = Number(text)
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1_000 : null
  const date = Date.parse(text)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}
