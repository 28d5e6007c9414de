import type { Fault } from '../upstreams/faults.ts'
import { modelOf, ownerOf, scopeOf, type KeyStateStore, type Rest } from './key-state-store.ts'
import { ANY_MODEL, scopeName, type PoolKey } from './pool-key.ts'

/** How long what was refused is out at first, in milliseconds; every further refusal in a row doubles it. */
const FIRST_PAUSE = 10_000
/** Nothing rests for longer than this, in milliseconds: an upstream's word can be days off. */
const LONGEST_PAUSE = 30 * 60_000
/** Rest after a rate limit that names no time, in milliseconds. */
const DEFAULT_REST = 30_000
/** Models of one owner that can rest at the same time: a client can name any number of them. Past it, all of its models rest. */
const MOST_MODELS = 64

/** What rests after a fault, and until when; null when nothing does. @param lentAt when the key was lent for the attempt, epoch milliseconds */
export function restAfter (fault: Fault, key: PoolKey, model: string, lentAt: number, now: number, store: KeyStateStore): Rest | null {
  const { kind, scope, pause, meaning } = fault.row
  if (scope === 'none' || kind === 'request' || kind === 'platform') return null
  const name = bounded(scopeName(scope, key, model), store)
  const before = store.get(name)
  // An answer to a question asked before the rest began says nothing new.
  if (before !== undefined && lentAt <= before.since) return null
  const failures = pause === 'retry_after' ? 0 : (before?.failures ?? 0) + 1
  const wait = pause === 'retry_after' ? fault.retryAfter ?? DEFAULT_REST : pause === 'park' ? LONGEST_PAUSE : FIRST_PAUSE * 2 ** (failures - 1)
  return { scope: name, kind, since: now, until: now + Math.min(wait, LONGEST_PAUSE), failures, reason: meaning }
}

function bounded (scope: string, store: KeyStateStore): string {
  if (modelOf(scope) === null || store.get(scope) !== undefined) return scope
  const owner = ownerOf(scope)
  const siblings = store.snapshot().filter((rest) => ownerOf(rest.scope) === owner).length
  return siblings < MOST_MODELS ? scope : scopeOf(owner, ANY_MODEL)
}
