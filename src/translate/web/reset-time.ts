import type { Fields } from '../fields.ts'

/** Larger than any time in seconds that is meant, smaller than any in milliseconds. */
const MILLISECONDS = 1e12
/** In 2001: what is smaller is a span, not a time. */
const SECONDS = 1e9
/** The last millisecond that a Date can be; later ones could not be shown. */
const LAST_TIME = 8.64e15
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/
const NAMES = ['resetsAt', 'resets_at', 'resetAt', 'reset_at']

/** When an object says that it is reset, under any of the names that claude.ai has for it. @returns epoch milliseconds */
export function resetOf (fields: Fields): number | null {
  for (const name of NAMES) {
    const time = resetTime(fields[name])
    if (time !== null) return time
  }
  return null
}

/**
 * The time at which claude.ai says that a limit ends: epoch seconds, epoch milliseconds, either as text, or RFC 3339.
 * Source: published captures of 2026, which hold all of them.
 * @returns epoch milliseconds, or null for what is no time
 */
export function resetTime (value: unknown): number | null {
  if (typeof value === 'string') return fromText(value.trim())
  if (typeof value !== 'number' || !(value >= SECONDS)) return null
  const time = Math.round(value > MILLISECONDS ? value : value * 1_000)
  return time <= LAST_TIME ? time : null
}

function fromText (text: string): number | null {
  if (/^\d{1,16}(?:\.\d{1,9})?$/.test(text)) return resetTime(Number(text))
  const time = RFC3339.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(time) ? null : time
}
