import type { IncomingHttpHeaders } from 'node:http'
import { single } from '../upstreams/headers.ts'
import { isoTime } from '../time.ts'
import { boundedEntry, setBounded } from './bounded-map.ts'

/** Source: the rate-limit headers of Anthropic's API, `anthropic-ratelimit-<name>-{limit,remaining,reset}`. */
const NAMES = ['requests', 'tokens', 'input-tokens', 'output-tokens'] as const
const HEADERS = NAMES.map((name) => ({
  name,
  limit: `anthropic-ratelimit-${name}-limit`,
  remaining: `anthropic-ratelimit-${name}-remaining`,
  reset: `anthropic-ratelimit-${name}-reset`
}))

/** Below this part of a limit it counts as nearly used up. */
const NEAR = 0.05
/** No word of an upstream holds for longer than this, in milliseconds. */
const LONGEST = 30 * 60_000
/** Pairs of organisation and model that are remembered. */
const MOST_PAIRS = 1_000

interface Windows {
  name: string
  model: string
  /** The headers of the latest answer; read when somebody asks. */
  headers: IncomingHttpHeaders
  /** When it came, epoch milliseconds. */
  at: number
  /** Until when some limit is nearly used up, epoch milliseconds; 0 when none is. */
  nearUntil: number
}

/** A limit as `GET /api/keys/stats` shows it. */
export interface WindowRow {
  name: string
  limit: number
  remaining: number
  reset: string | null
  seen_at: string
}

export type RateLimitWindows = ReturnType<typeof createRateLimitWindows>

/**
 * What the upstream's answers say of the rate limits of each organisation and model. One that is nearly used up counts as near until its reset,
 * which is when it is whole again, or until a later answer tells better. Source: Anthropic's page on rate limits.
 */
export function createRateLimitWindows () {
  const pairs = new Map<string, Windows>()
  /** Pairs that may be near; nearly always none, and then nobody need ask further. */
  const near = new Set<string>()
  /** Of each organisation the pair that was answered last: nearly always it is answered next. */
  const latest = new Map<string, Windows>()

  function windowsOf (organisation: string, model: string): Windows {
    const last = latest.get(organisation)
    // When pairs give way to others, it may have gone. Until then its place among them need not be renewed: at worst one that is in use goes first,
    // and is back with its next answer.
    if (last?.model === model && pairs.size < MOST_PAIRS) return last
    const name = pairName(organisation, model)
    const windows = boundedEntry(pairs, name, MOST_PAIRS, () => ({ name, model, headers: {}, at: 0, nearUntil: 0 }))
    setBounded(latest, organisation, windows, MOST_PAIRS)
    return windows
  }

  return {
    /** Takes in an answer's headers. On the path of every answer: nothing is parsed that need not be. */
    observe (organisation: string, model: string, headers: IncomingHttpHeaders, now: number): void {
      if (headers['anthropic-ratelimit-requests-limit'] === undefined && headers['anthropic-ratelimit-tokens-limit'] === undefined) return
      const windows = windowsOf(organisation, model)
      windows.headers = headers
      windows.at = now
      windows.nearUntil = nearUntil(headers, now)
      if (windows.nearUntil > now) near.add(windows.name)
      else if (near.size > 0) near.delete(windows.name)
    },

    /** Whether no limit of anybody is nearly used up. */
    get allFar (): boolean {
      return near.size === 0
    },

    /** Whether a limit of this organisation and model is nearly used up. */
    isNear (organisation: string, model: string, now: number): boolean {
      const name = pairName(organisation, model)
      if (!near.has(name)) return false
      if ((pairs.get(name)?.nearUntil ?? 0) > now) return true
      near.delete(name)
      return false
    },

    /** Forgets that an organisation's limits are nearly used up. */
    forgive (organisation: string): void {
      for (const name of near) {
        if (name.startsWith(`${organisation}\n`)) near.delete(name)
      }
    },

    /** The limits as the latest answer told them. */
    rows (organisation: string, model: string): WindowRow[] {
      const windows = pairs.get(pairName(organisation, model))
      if (windows === undefined) return []
      return HEADERS.flatMap((names) => {
        const { limit, remaining } = readCounts(windows.headers, names)
        const reset = resetOf(windows.headers, names)
        if (Number.isNaN(limit) || Number.isNaN(remaining)) return []
        return [{ name: names.name, limit, remaining, reset: Number.isNaN(reset) ? null : isoTime(reset), seen_at: isoTime(windows.at) }]
      })
    }
  }
}

/** A line feed parts them: no label holds one. */
function pairName (organisation: string, model: string): string {
  return `${organisation}\n${model}`
}

function nearUntil (headers: IncomingHttpHeaders, now: number): number {
  let latest = 0
  for (const names of HEADERS) {
    if (headers[names.remaining] === undefined) continue
    const { limit, remaining } = readCounts(headers, names)
    // Also when either is no number.
    if (!(remaining < limit * NEAR)) continue
    const reset = resetOf(headers, names)
    if (Number.isNaN(reset)) continue
    latest = Math.max(latest, Math.min(reset, now + LONGEST))
  }
  return latest
}

type Names = typeof HEADERS[number]

function readCounts (headers: IncomingHttpHeaders, names: Names): { limit: number, remaining: number } {
  return { limit: Number(single(headers, names.limit)), remaining: Number(single(headers, names.remaining)) }
}

/** Epoch milliseconds, or NaN. */
function resetOf (headers: IncomingHttpHeaders, names: Names): number {
  return Date.parse(single(headers, names.reset) ?? '')
}
