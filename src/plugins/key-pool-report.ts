import { GatewayError } from '../errors.ts'
import { isoTime, nullableIsoTime } from '../time.ts'
import { modelOf, ownerOf, type Rest } from './key-state-store.ts'
import type { PoolKey } from './pool-key.ts'

/**
 * Says why no key can be lent: a rate limit when waiting for one is all it takes, else an overload.
 * @param restsOfKeys what rests of each key, for the model
 */
export function noKey (restsOfKeys: Rest[][], model: string, now: number): GatewayError {
  if (restsOfKeys.length === 0) {
    return new GatewayError('api_error', 'The gateway has no upstream API key; its operator must set CCPROXY_CLAUDE_API_KEYS.', {
      status: 503, code: 'no_api_keys', retryable: false
    })
  }
  const limited = restsOfKeys.filter((rests) => rests.length > 0 && rests.every(({ kind }) => kind === 'quota'))
  const retryAfter = Math.max(1, Math.ceil((earliest(limited.length > 0 ? limited : restsOfKeys) - now) / 1_000))
  if (limited.length > 0) {
    return new GatewayError('rate_limit_error', `Every upstream key that works is rate limited for ${model}; the first is free again in ${retryAfter} s.`, {
      code: 'all_keys_limited', retryAfter
    })
  }
  return new GatewayError('overloaded_error', `The upstream refuses every key of this gateway; the next one is tried in ${retryAfter} s.`, {
    code: 'all_keys_refused', retryAfter
  })
}

function earliest (restsOfKeys: Rest[][]): number {
  return Math.min(...restsOfKeys.map((rests) => Math.max(0, ...rests.map(({ until }) => until))))
}

/** A key as `GET /api/keys/stats` shows it. */
export function statsRow (key: PoolKey, rests: Rest[], now: number) {
  const refusals = rests.filter(({ scope, kind }) => kind === 'credential' && modelOf(scope) === null)
  const out = refusals.filter(({ until }) => until > now)
  return {
    id: key.id,
    name: key.name,
    key: key.secret.length > 12 ? `...${key.secret.slice(-8)}` : '...',
    organisation: key.organisation,
    workspace: key.workspace,
    request_count: key.requests,
    error_count: key.errors,
    consecutive_failures: Math.max(0, ...refusals.map(({ failures }) => failures)),
    last_used: nullableIsoTime(key.lastUsed),
    last_error: nullableIsoTime(key.lastError),
    last_error_reason: key.lastErrorReason,
    is_healthy: refusals.length === 0,
    out_until: out.length === 0 ? null : isoTime(Math.max(...out.map(({ until }) => until))),
    cooldowns: rests.filter(({ scope, until }) => until > now && !refusals.some((rest) => rest.scope === scope))
      .map(({ scope, until, reason }) => ({ scope: ownerOf(scope), model: modelOf(scope), until: isoTime(until), reason }))
  }
}
