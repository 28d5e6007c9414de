import type { Config } from '../config.ts'
import { setBounded } from './bounded-map.ts'
import { workspacesOf, type PoolKey } from './pool-key.ts'
import { rendezvous } from './rendezvous.ts'

/** Conversations whose place is remembered: enough for all that go on at the same time. */
const MOST_PLACED = 10_000

export interface ChoiceDeps {
  strategy: Config['claude']['key_strategy']
  /** Uniform in [0, 1). */
  random: () => number
}

/** A conversation, where the choice of the key follows it. */
export interface Conversation {
  /** The client token and the conversation's name. */
  affinity?: string
  /** It has had an answer before: there is a prompt cache somewhere. */
  continued?: boolean
}

/**
 * Chooses among the keys that may be used. Keys whose limits are nearly used up are spared while there are others; only a conversation that has
 * its prompt cache with one of them stays.
 */
export function createKeyChoice ({ strategy, random }: ChoiceDeps) {
  /** Where conversations began that did not begin at home; null for those that did. */
  const placed = new Map<string, string | null>()
  let cursor = 0

  /** Walks the ring of all keys, so that the turns of the healthy stay even whoever else is out. */
  function nextInTurn (ring: readonly PoolKey[], free: readonly PoolKey[]): PoolKey | undefined {
    for (let step = 0; step < ring.length; step++) {
      const at = (cursor + step) % ring.length
      if (free !== ring && !free.includes(ring[at]!)) continue
      cursor = (at + 1) % ring.length
      return ring[at]
    }
    return undefined
  }

  /** The keys of the one workspace where a conversation goes on, or begins. */
  function atItsPlace (conversation: string, continued: boolean, free: readonly PoolKey[], spare: readonly PoolKey[]): readonly PoolKey[] {
    const before = placed.get(conversation)
    const stays = typeof before === 'string' && free.some(({ workspace }) => workspace === before)
    const home = stays ? before : best(conversation, free)
    const begins = before === undefined && !continued
    const place = begins && spare !== free ? best(conversation, spare) : home
    setBounded(placed, conversation, begins && place !== home ? place : before ?? null, MOST_PLACED)
    return free.filter(({ workspace }) => workspace === place)
  }

  return {
    /**
     * @param ring all keys
     * @param free those of them that may be used
     * @param isNear whether a key's limits are nearly used up; null when nobody's are
     */
    choose (
      ring: readonly PoolKey[], free: readonly PoolKey[], { affinity, continued = false }: Conversation, isNear: ((key: PoolKey) => boolean) | null
    ): PoolKey | undefined {
      const far = isNear === null ? free : free.filter((key) => !isNear(key))
      const spare = far.length > 0 ? far : free
      if (strategy === 'random') return spare[Math.floor(random() * spare.length)]
      if (strategy === 'affinity' && affinity !== undefined && free.length > 1) return nextInTurn(ring, atItsPlace(affinity, continued, free, spare))
      return nextInTurn(ring, spare)
    }
  }
}

function best (conversation: string, keys: readonly PoolKey[]): string {
  return rendezvous(conversation, workspacesOf(keys))[0]!.id
}
