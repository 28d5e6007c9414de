import type { IncomingHttpHeaders } from 'node:http'
import { FAULTS, type FaultPattern, type FaultRow } from './fault-table.ts'
import { single } from './headers.ts'
import { eventData } from './sse-bytes.ts'

/** A failure of an attempt, as the table reads it. */
export interface Fault {
  row: FaultRow
  /** Milliseconds to wait, as the upstream said; null when it did not. */
  retryAfter: number | null
  /** The upstream's own words, cut short; null when it had none. */
  text: string | null
}

/** What an attempt said about its key: that it works, that something failed, or nothing. */
export type AttemptOutcome =
  | { kind: 'ok' }
  | { kind: 'fault', fault: Fault }
  | { kind: 'none', /** A fault of the connection, for the operator. */ reason: string | null }

/** The opening of an answer, with the endpoint that was asked. */
export interface FaultSigns {
  endpoint: 'messages' | 'count_tokens' | 'content' | 'other'
  status: number
  headers: IncomingHttpHeaders
  /** The whole body of an error, or the first event of a stream. */
  bytes: Buffer
}

/** Longest text of an upstream's error that is kept, in characters. */
const MAX_TEXT = 300

interface WireError {
  type?: unknown
  message?: unknown
  details?: { error_code?: unknown }
}

/** Reads the fault off an answer's opening. @returns null when it is none */
export function faultOf (signs: FaultSigns, now: number): Fault | null {
  const { endpoint, status, bytes, headers } = signs
  const stream = status < 300
  // What a file holds says nothing, whatever it looks like.
  if (stream && endpoint === 'content') return null
  if (stream && !/^event: ?error/.test(bytes.toString('latin1', 0, 12))) return null
  if (status >= 300 && status < 400) return null
  const error = wireError(stream ? eventData(bytes) : bytes.toString('utf8'))
  const row = FAULTS.find(({ when }) => fits(when, signs, error))!
  const text = typeof error.message === 'string' ? error.message.slice(0, MAX_TEXT) : null
  return { row, retryAfter: retryAfter(headers, now), text }
}

function wireError (text: string): WireError {
  try {
    return (JSON.parse(text) as { error?: WireError } | null)?.error ?? {}
  } catch {
    return {}
  }
}

function fits (when: FaultPattern, { endpoint, status, headers }: FaultSigns, error: WireError): boolean {
  const says = (pattern: RegExp | undefined, value: unknown) => pattern === undefined || (typeof value === 'string' && pattern.test(value))
  const [first, last] = typeof when.status === 'number' ? [when.status, when.status] : when.status ?? [0, 999]
  return (when.endpoint === undefined || when.endpoint === endpoint) &&
    status >= first && status <= last &&
    says(when.type, error.type) && says(when.message, error.message) && says(when.code, error.details?.error_code) &&
    (when.without === undefined || headers[when.without] === undefined)
}

/**
 * Milliseconds until the upstream wants to be asked again: `retry-after-ms`, else `retry-after` in seconds or as an HTTP date (RFC 9110, 10.2.3),
 * else the latest `anthropic-ratelimit-*-reset` of a limit that is used up.
 * @returns null when it does not say, or says nothing that can be read
 */
export function retryAfter (headers: IncomingHttpHeaders, now: number): number | null {
  const ms = Number(single(headers, 'retry-after-ms') ?? NaN)
  if (Number.isFinite(ms) && ms >= 0) return ms
  const text = single(headers, 'retry-after')?.trim()
  if (text === undefined || text === '') return usedUpUntil(headers, now)
  const seconds = Number(text)
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1_000 : null
  return millisecondsUntil(text, now)
}

function usedUpUntil (headers: IncomingHttpHeaders, now: number): number | null {
  let longest: number | null = null
  for (const name in headers) {
    const limit = /^(anthropic-ratelimit-.+)-remaining$/.exec(name)?.[1]
    if (limit === undefined || single(headers, name) !== '0') continue
    const wait = millisecondsUntil(single(headers, `${limit}-reset`) ?? '', now)
    if (wait !== null && wait > (longest ?? -1)) longest = wait
  }
  return longest
}

function millisecondsUntil (date: string, now: number): number | null {
  const time = Date.parse(date)
  return Number.isNaN(time) ? null : Math.max(0, time - now)
}
