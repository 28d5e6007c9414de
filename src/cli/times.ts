const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1_000]] as const

/**
 * A time as people read it: how far away, and when, such as `in 3d (2026-07-01 12:00Z)`.
 * @param iso RFC 3339, or null for never
 * @param now epoch milliseconds
 */
export function when (iso: string | null, now: number): string {
  if (iso === null) return 'never'
  const absolute = `${iso.slice(0, 16).replace('T', ' ')}Z`
  return `${relative(Date.parse(iso) - now)} (${absolute})`
}

/** @param distance milliseconds, below zero for what has been */
export function relative (distance: number): string {
  const length = Math.abs(distance)
  // What was just made for two days ends in two days, not in one.
  const [unit, size] = UNITS.find(([, size]) => length >= 0.98 * size) ?? []
  if (size === undefined) return 'now'
  const text = `${Math.round(length / size)}${unit}`
  return distance < 0 ? `${text} ago` : `in ${text}`
}
