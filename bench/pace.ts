import { textDelta } from './cases.ts'

/** What the client and the upstream of paced streams agree upon. */

/** Time between two events of one stream, in milliseconds. */
export const PERIOD = 500
/** What the upstream is asked for: streams with an event every period, or with nothing behind their opening. */
export const PACED_CASE = 'paced'
export const IDLE_CASE = 'idle'

/** Stands before the time in the text of each event. */
export const STAMP_MARK = 'sent at '
/** Digits of that time, in microseconds. */
export const STAMP_DIGITS = 16

/** An event that tells when it was written. All are of the same length. */
export function stampedEvent (microseconds: number): Buffer {
  return textDelta(STAMP_MARK + String(microseconds).padStart(STAMP_DIGITS, '0'))
}

/** Of each paced event, in bytes. */
export const EVENT_LENGTH = stampedEvent(0).length
