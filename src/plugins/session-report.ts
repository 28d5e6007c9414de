import type { MessageLimit } from '../translate/web/message-limit.ts'
import { isoTime, nullableIsoTime } from '../time.ts'
import { modelOf, type Rest } from './key-state-store.ts'
import type { SessionTally } from './session-lease.ts'
import type { SessionPool } from './session-pool.ts'
import type { Session } from './session-store.ts'

/** How a session stands, in one word. */
export const SESSION_STATES = ['active', 'unverified', 'cooling_down', 'expired', 'deactivated', 'dead', 'disabled', 'unreadable'] as const
export type SessionState = typeof SESSION_STATES[number]

/** How long a cookie lives, as far as anybody knows, and how long before its end its admin is told, in milliseconds. Source: reports of 2026. */
const COOKIE_LIFE = 28 * 86_400_000
const NOTICE = 3 * 86_400_000

/** A session as its operator sees it; the cookie is never part of it. @param now epoch milliseconds */
export function sessionReport (session: Session, pool: Pick<SessionPool, 'restsOf' | 'tallyOf' | 'whyNot'>, now: number) {
  const { row } = session
  const rests = pool.restsOf(row.id)
  const whole = rests.find(({ scope }) => modelOf(scope) === null)
  const tally = pool.tallyOf(row.id)
  const ends = row.cookie_expires_at ?? row.key_since + COOKIE_LIFE
  return {
    id: row.id,
    name: row.name,
    organization_id: row.organization_id,
    organization_name: row.organization_name,
    plan: row.plan,
    created_at: isoTime(row.created_at),
    expires_at: nullableIsoTime(row.expires_at),
    is_active: row.is_active === 1,
    last_used_at: nullableIsoTime(row.last_used_at),
    status: stateOf(session, whole, now),
    status_reason: pool.whyNot(session) ?? whole?.reason ?? row.status_reason,
    cooldown_until: nullableIsoTime(whole?.until ?? null),
    cooldowns: rests.map(({ scope, until, reason }) => ({ model: modelOf(scope), until: isoTime(until), reason })),
    cookie_ends_at: isoTime(ends),
    warning: ends - now > NOTICE ? null : endingSoon(row.cookie_expires_at !== null, ends, now),
    running: tally.running,
    request_count: tally.requests,
    error_count: tally.errors,
    ...lastError(tally),
    limits: limitsOf(tally.limit)
  }
}

function stateOf ({ row, cookie }: Session, whole: Rest | undefined, now: number): SessionState {
  if (cookie === null) return 'unreadable'
  if (row.is_active === 0) return 'deactivated'
  if (row.status === 'dead' || row.status === 'disabled') return row.status
  if (row.expires_at !== null && row.expires_at <= now) return 'expired'
  return whole !== undefined ? 'cooling_down' : row.status
}

/** @param isTold whether claude.ai has said so itself */
function endingSoon (isTold: boolean, ends: number, now: number): string {
  const source = isTold ? 'claude.ai says that the cookie ends' : 'claude.ai ends a cookie about 28 days after it was issued, and so this one'
  const when = ends > now ? `on ${isoTime(ends).slice(0, 10)}` : 'by now'
  return `${source} ${when}: sign in again, add the new cookie, and delete this session.`
}

function lastError ({ lastError }: SessionTally) {
  return { last_error: nullableIsoTime(lastError?.at ?? null), last_error_reason: lastError?.reason ?? null }
}

function limitsOf (limit: MessageLimit | null) {
  return (limit?.windows ?? []).map(({ name, status, utilization, resetsAt }) => ({
    name, status, utilization, resets_at: nullableIsoTime(resetsAt)
  }))
}
