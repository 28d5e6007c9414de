import type { IncomingHttpHeaders } from 'node:http'
import { isObject, type Fields } from '../translate/fields.ts'
import { parseMessageLimit } from '../translate/web/message-limit.ts'
import { resetOf, resetTime } from '../translate/web/reset-time.ts'
import { retryAfter } from './faults.ts'
import { single } from './headers.ts'

/** How long a rate limit lasts, and of what it is true. */
export interface WebLimit {
  /** Epoch milliseconds: when to ask again, within what can be believed. */
  until: number
  /** Whether only the model that was asked for is limited. */
  model: boolean
  /** The window that is used up, by claude.ai's name for it, as `five_hour`; null when it does not say. */
  claim: string | null
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** As long as a limit of each claim can last: times far beyond it have been seen, and would park a session for nothing. */
const LONGEST: ReadonlyArray<[claim: RegExp, longest: number]> = [[/^five_hour/, 5 * HOUR], [/^seven_day/, 7 * DAY], [/^concurrents?$/, 10 * SECOND], [/(?:)/, DAY]]
/** Of a limit that does not say when it ends. */
const UNSAID = 5 * MINUTE
/** A time that has passed says that clocks differ; asking at once would only be refused again. */
const SHORTEST = SECOND

/**
 * Reads the limit off a 429 or its like. `error.message` is itself JSON there, mostly.
 * @param error as it stands in the body
 */
export function webLimitOf (error: Fields, headers: IncomingHttpHeaders, now: number): WebLimit {
  const limit = parseMessageLimit(limitIn(error['message']), 'exceeded')
  const claim = limit.claim !== null && /^[\w.-]{1,64}$/.test(limit.claim) ? limit.claim : null
  const time = limit.resetsAt ?? resetOf(error) ?? headerTime(headers, now)
  const wait = time === null ? UNSAID : time - now
  return { until: now + Math.max(SHORTEST, Math.min(wait, longestLimit(claim))), model: limit.perModel, claim }
}

/** How long a limit can last at most, in milliseconds. @param claim what is used up, by claude.ai's name for it */
export function longestLimit (claim: string | null): number {
  return LONGEST.find(([pattern]) => pattern.test(claim ?? ''))![1]
}

/** @returns the limit that a message holds as JSON; without any fields where it is plain words */
export function limitIn (message: unknown): Fields {
  if (isObject(message)) return message
  if (typeof message !== 'string' || !message.trimStart().startsWith('{')) return {}
  try {
    return JSON.parse(message) as Fields
  } catch {
    return {}
  }
}

function headerTime (headers: IncomingHttpHeaders, now: number): number | null {
  const time = resetTime(single(headers, 'anthropic-ratelimit-unified-reset'))
  if (time !== null) return time
  const wait = retryAfter(headers, now)
  return wait === null ? null : now + wait
}
