import type { IncomingHttpHeaders } from 'node:http'
import { isObject, type Fields } from '../translate/fields.ts'
import { single } from './headers.ts'
import { eventData } from './sse-bytes.ts'
import { WEB_FAULTS, type WebFaultPattern, type WebFaultRow } from './web-fault-table.ts'
import { limitIn, webLimitOf } from './web-limit.ts'

export { webError, type WebErrorContext } from './web-errors.ts'

/** A failure of claude.ai, as the table reads it. */
export interface WebFault {
  row: WebFaultRow
  /** Of a rate limit, when to ask again, in epoch milliseconds; null for every other fault. */
  until: number | null
  /** Whether a rate limit is one of the model that was asked for only. */
  model: boolean
  /** The window that is used up, by claude.ai's name for it, as `five_hour`. */
  claim: string | null
  /** claude.ai's own words, cut short; null when it had none for people. */
  text: string | null
}

/** An answer of claude.ai, or its opening. */
export interface WebSigns {
  status: number
  headers: IncomingHttpHeaders
  /** The whole body of an error, or the first event of a stream. */
  bytes: Buffer
}

/** Longest text of claude.ai's that is kept, in characters. */
const MAX_TEXT = 300
const NO_STATUS = 0
const COOKIE = /sk-ant-sid\d{2}-[\w-]+/g

/** Reads the fault off an answer. @param now epoch milliseconds @returns null when it is none */
export function webFaultOf ({ status, headers, bytes }: WebSigns, now: number): WebFault | null {
  const page = /^text\/html\b/i.test(single(headers, 'content-type') ?? '')
  if (status < 300 && !page) return /^event: ?error/.test(bytes.toString('latin1', 0, 12)) ? fault(NO_STATUS, headers, eventData(bytes), now) : null
  return fault(status, headers, bytes.toString('utf8'), now)
}

/** Reads the fault off an error in the middle of a stream. @param error the event's `error`, `{ type, message }` @param now epoch milliseconds */
export function webFaultOfStream (error: unknown, now = Date.now()): WebFault {
  return fault(NO_STATUS, {}, error, now)
}

/** @param told the body as text, or the error itself */
function fault (status: number, headers: IncomingHttpHeaders, told: unknown, now: number): WebFault {
  const error = typeof told === 'string' ? errorIn(told) : isObject(told) ? told : {}
  const empty = typeof told === 'string' && told.trim() === ''
  const row = WEB_FAULTS.find(({ when }) => fits(when, { status, headers, empty }, error))!
  const message = error['message']
  const words = typeof message === 'string' && message !== '' && Object.keys(limitIn(message)).length === 0
  // Whatever claude.ai repeats: no cookie, nor a part of one that the cut would leave.
  const text = words ? message.replaceAll(COOKIE, '...').slice(0, MAX_TEXT).toWellFormed() : null
  if (row.kind !== 'rate_limited') return { row, until: null, model: false, claim: null, text }
  return { row, ...webLimitOf(error, headers, now), text }
}

function errorIn (body: string): Fields {
  try {
    const parsed = JSON.parse(body) as unknown
    return isObject(parsed) && isObject(parsed['error']) ? parsed['error'] : {}
  } catch {
    return {}
  }
}

interface Outside { status: number, headers: IncomingHttpHeaders, empty: boolean }

function fits (when: WebFaultPattern, { status, headers, empty }: Outside, error: Fields): boolean {
  const says = (pattern: RegExp | undefined, value: unknown) => pattern === undefined || (typeof value === 'string' && pattern.test(value))
  const [first, last] = typeof when.status === 'number' ? [when.status, when.status] : when.status ?? [NO_STATUS, 999]
  const [header = '', value] = when.header ?? []
  return status >= first && status <= last &&
    says(when.type, error['type']) && says(when.code, codeIn(error)) && says(when.message, error['message']) &&
    says(value, single(headers, header)) && says(when.contentType, single(headers, 'content-type')) &&
    (when.empty === undefined || empty)
}

function codeIn (error: Fields): unknown {
  const details = error['details']
  return isObject(details) ? details['error_code'] ?? error['error_code'] : error['error_code']
}
