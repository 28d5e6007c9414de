import { isoTime, nullableIsoTime } from '../time.ts'
import { modelOf, ownerOf, type Rest } from './key-state-store.ts'
import type { Tally } from './key-tally.ts'
import { ANY_MODEL, type PoolKey } from './pool-key.ts'
import type { RateLimitWindows } from './rate-limit-windows.ts'

/**
 * How a key, or one model with it, stands: `ready`; `near_limit`, spared while others are there; `limited` until a rate limit is over; `refused`,
 * tried again when its pause is over; `probing`, its pause is over and one request tries it; `disabled` by an admin.
 */
export const KEY_STATES = ['ready', 'near_limit', 'limited', 'refused', 'probing', 'disabled'] as const

interface Standing {
  state: typeof KEY_STATES[number]
  reason: string | null
  /** RFC 3339, or null. */
  until: string | null
  consecutive_failures: number
}

/** A key as `GET /api/keys/stats` shows it. */
export function keyRow (key: PoolKey, rests: Rest[], windows: RateLimitWindows, now: number) {
  const whole = rests.filter(({ scope }) => modelOf(scope) === null)
  const refusals = whole.filter(({ kind }) => kind === 'credential')
  const out = refusals.filter(({ until }) => until > now)
  return {
    id: key.id,
    name: key.name,
    key: shownKey(key.secret),
    source: key.source,
    organisation: key.organisation,
    workspace: key.workspace,
    weight: key.weight,
    is_healthy: !key.disabled && refusals.length === 0,
    ...standing(key, whole, false, now),
    ...countsOf(key.tally.whole),
    out_until: out.length === 0 ? null : isoTime(Math.max(...out.map(({ until }) => until))),
    cooldowns: rests.filter(({ scope, until }) => until > now && !refusals.some((rest) => rest.scope === scope))
      .map(({ scope, until, reason }) => ({ scope: ownerOf(scope), model: modelOf(scope), until: isoTime(until), reason })),
    models: modelsOf(key, rests).map((model) => modelRow(key, model, rests, windows, now))
  }
}

/** Enough of a key to know it by. */
export function shownKey (secret: string): string {
  return secret.length > 12 ? `...${secret.slice(-8)}` : '...'
}

/** Models that were used with a key, and those that rest without having been. */
function modelsOf (key: PoolKey, rests: Rest[]): string[] {
  const resting = rests.map(({ scope }) => modelOf(scope)).filter((model) => model !== null && model !== ANY_MODEL && model !== '')
  return [...new Set([...key.tally.models.keys(), ...resting as string[]])].sort()
}

function modelRow (key: PoolKey, model: string, rests: Rest[], windows: RateLimitWindows, now: number) {
  const concern = rests.filter(({ scope }) => [null, ANY_MODEL, model].includes(modelOf(scope)))
  return {
    model,
    ...standing(key, concern, windows.isNear(key.organisation, model, now), now),
    ...countsOf(key.tally.models.get(model)),
    rate_limits: windows.rows(key.organisation, model)
  }
}

/** @param rests what of it rests; the one that lasts longest tells the state */
function standing (key: PoolKey, rests: Rest[], isNear: boolean, now: number): Standing {
  const longest = rests.toSorted((a, b) => b.until - a.until)[0]
  const failures = Math.max(0, ...rests.map((rest) => rest.failures))
  const tell = (state: Standing['state'], reason: string | null, until: number | null): Standing =>
    ({ state, reason, until: nullableIsoTime(until), consecutive_failures: failures })
  if (key.disabled) return tell('disabled', 'an admin took the key out of use', null)
  if (longest === undefined) return isNear ? tell('near_limit', 'the rate limit is nearly used up', null) : tell('ready', null, null)
  if (longest.until <= now) return tell('probing', longest.reason, null)
  return tell(longest.kind === 'quota' ? 'limited' : 'refused', longest.reason, longest.until)
}

function countsOf (tally: Readonly<Tally> | undefined) {
  const read = tally?.cacheReadTokens ?? 0
  const created = tally?.cacheCreationTokens ?? 0
  const input = tally?.inputTokens ?? 0
  const prompt = read + created + input
  return {
    request_count: tally?.requests ?? 0,
    error_count: tally?.errors ?? 0,
    last_used: nullableIsoTime(tally?.lastUsed ?? null),
    last_error: nullableIsoTime(tally?.lastError ?? null),
    last_error_reason: tally?.lastErrorReason ?? null,
    tokens: { input, output: tally?.outputTokens ?? 0, cache_read: read, cache_creation: created },
    cache_read_share: prompt === 0 ? null : Math.round(read / prompt * 1_000) / 1_000
  }
}
