import { GatewayError } from '../errors.ts'
import { modelOf, type Rest } from './key-state-store.ts'

/** What is in the way of one session. */
export interface Obstacle {
  /** What only an admin, or nobody, can mend. */
  reason: string | null
  /** What passes by itself. */
  rest: Rest | undefined
}

/** Says why no session can be lent: a rate limit when waiting for one is all it takes, a model that no plan has, or what the operator must do. */
export function noSession (obstacles: readonly Obstacle[], model: string, now: number): GatewayError {
  if (obstacles.length === 0) {
    return unavailable('The gateway has no claude.ai session; its operator must add one with POST /api/session/add, or use API mode (X-Proxy-Mode: api).', 'no_sessions')
  }
  const resting = obstacles.flatMap(({ reason, rest }) => reason === null && rest !== undefined ? [rest] : [])
  const limits = resting.filter(({ kind }) => kind === 'quota')
  if (limits.length > 0) {
    const retryAfter = secondsUntil(limits, now)
    return new GatewayError('rate_limit_error', `Every claude.ai session that works is rate limited for ${model}; the first is free again in ${retryAfter} s.`, {
      code: 'all_sessions_limited', retryAfter
    })
  }
  if (obstacles.some(({ reason, rest }) => reason === null && rest === undefined)) {
    return unavailable('A claude.ai session of this gateway has failed just now, and may do better for another request: send it again.', 'no_usable_session', 1)
  }
  if (resting.length > 0 && resting.every(({ scope }) => modelOf(scope) !== null)) {
    return new GatewayError('not_found_error', `model: ${model} is not in the plan of any claude.ai session of this gateway; GET /v1/models lists those that are.`, {
      code: 'model_not_found', param: 'model'
    })
  }
  if (resting.length > 0) {
    return unavailable(`No claude.ai session of this gateway can be used: ${resting[0]!.reason}. GET /api/session/list tells why.`, 'no_usable_session', secondsUntil(resting, now))
  }
  return unavailable('No claude.ai session of this gateway can be used any more; its operator finds the reason in GET /api/session/list.', 'no_usable_session')
}

function secondsUntil (rests: Rest[], now: number): number {
  return Math.max(1, Math.ceil((Math.min(...rests.map(({ until }) => until)) - now) / 1_000))
}

function unavailable (message: string, code: string, retryAfter?: number): GatewayError {
  return new GatewayError('api_error', message, { status: 503, code, retryAfter, retryable: retryAfter !== undefined })
}
