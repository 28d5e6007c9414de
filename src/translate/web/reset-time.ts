/** Larger than any time in seconds that is meant, smaller than any in milliseconds. */
const MILLISECONDS = 1e12
/** In 2001: what is smaller is a span, not a time. */
const SECONDS = 1e9
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/

/**
 * The time at which claude.ai says that a limit ends: epoch seconds, epoch milliseconds, either as text, or RFC 3339.
 * Source: published captures of 2026, which hold all of them.
 * @returns epoch milliseconds, or null for what is no time
 */
export function resetTime (value: unknown): number | null {
  if (typeof value === 'string') return fromText(value.trim())
  if (typeof value !== 'number' || !(value >= SECONDS) || value > Number.MAX_SAFE_INTEGER) return null
  return Math.round(value > MILLISECONDS ? value : value * 1_000)
}

function fromText (text: string): number | null {
  if (/^\d{1,16}(?:\.\d{1,9})?$/.test(text)) return resetTime(Number(text))
  const time = RFC3339.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(time) ? null : time
}
