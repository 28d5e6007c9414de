/** A time as the API tells it: RFC 3339 in UTC. @param epochMs epoch milliseconds */
export function isoTime (epochMs: number): string {
  return new Date(epochMs).toISOString()
}

/** The same for a time that may never have been. */
export function nullableIsoTime (epochMs: number | null): string | null {
  return epochMs === null ? null : isoTime(epochMs)
}
