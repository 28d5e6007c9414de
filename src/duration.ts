const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const WHOLE = /^(?:\d+(?:ms|s|m|h|d))+$/
const PART = /(\d+)(ms|s|m|h|d)/g

/** What a duration looks like, for messages that ask for a better one. */
export const DURATION_EXAMPLES = '"90m", "1h30m", "720h" or "30d"'

/**
 * Reads a duration such as `90s`, `1h30m` or `30d`.
 * @returns milliseconds, or `undefined` when the text is not a duration or too large to be exact.
 */
export function parseDuration (text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(PART)) {
    total += Number(amount) * UNITS[unit as keyof typeof UNITS]
  }
  return Number.isSafeInteger(total) ? total : undefined
}
