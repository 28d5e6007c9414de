import type { Ratio } from './statistics.ts'

/** What the guard goes by: ratios to the bare proxy, as they once were. */
export interface Recorded {
  command: string
  date: string
  machine: string
  node: string
  ratios: Record<string, Pick<Ratio, 'ofMedians' | 'ofLeast'>>
}

/** By how much a ratio may be worse than the recorded one. Machines differ, even in ratios; a mistake on the hot path costs more than this. */
export const TOLERANCE = 1.4

export interface Verdict {
  ok: boolean
  text: string
}

/**
 * Judges one case. It is worse only when both say so, the ratio of the medians and that of the least: a disturbance spoils one of them, seldom both.
 * A case that was never recorded is no pass: the record has been forgotten.
 */
export function judge (name: string, found: Pick<Ratio, 'ofMedians' | 'ofLeast'>, recorded: Recorded['ratios']): Verdict {
  const before = recorded[name]
  if (before === undefined) return { ok: false, text: `${name}: never recorded; npm run bench:guard -- --record does it` }
  const ok = found.ofMedians <= before.ofMedians * TOLERANCE || found.ofLeast <= before.ofLeast * TOLERANCE
  const pair = ({ ofMedians, ofLeast }: typeof found) => `${ofMedians.toFixed(2)} (of the least ${ofLeast.toFixed(2)})`
  return { ok, text: `${name}: ${pair(found)} times the bare proxy; recorded ${pair(before)}, at most ${TOLERANCE} times that` }
}
