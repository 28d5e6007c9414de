import { GatewayError } from '../errors.ts'
import type { LeaseRequest } from './key-pool.ts'
import type { Rest } from './key-state-store.ts'

/**
 * Says why no key can be lent: a rate limit when waiting for one is all it takes, else an overload.
 * @param restsOfKeys what rests of each key that would have done
 * @param total keys in the pool, also those that an admin has disabled
 */
export function noKey (restsOfKeys: Rest[][], { model, workspace }: LeaseRequest, total: number, now: number): GatewayError {
  if (restsOfKeys.length === 0) return nobody(workspace, total)
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

function nobody (workspace: string | undefined, total: number): GatewayError {
  if (workspace !== undefined) {
    return new GatewayError('api_error', 'The gateway has no key any more for the workspace where this is kept; its operator must add or enable one.', {
      status: 503, code: 'workspace_gone', retryable: false
    })
  }
  const mend = total === 0
    ? 'has no upstream API key; its operator must set CCPROXY_CLAUDE_API_KEYS, or add one with POST /api/keys/add'
    : 'has no upstream API key in use; its operator must enable one with POST /api/keys/{id}/enable'
  return new GatewayError('api_error', `The gateway ${mend}.`, { status: 503, code: 'no_api_keys', retryable: false })
}

function earliest (restsOfKeys: Rest[][]): number {
  return Math.min(...restsOfKeys.map((rests) => Math.max(0, ...rests.map(({ until }) => until))))
}
