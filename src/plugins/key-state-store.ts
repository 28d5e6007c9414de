/** A model that a key may not be asked for until a time. All times are epoch milliseconds. */
export interface Cooldown {
  model: string
  until: number
  reason: string
}

/** What is known of one key's health. */
export interface KeyState {
  /** Refusals of the key itself since it last worked. */
  consecutiveFailures: number
  /** The key is out of the pool until this time; 0 when it is in. */
  outUntil: number
  /** Since when it has been out. */
  outSince: number
  cooldowns: ReadonlyMap<string, Cooldown>
}

/**
 * The part of the pool's state that replicas would share. The memory store serves one process; a store that several share
 * keeps the same contract.
 */
export interface KeyStateStore {
  snapshot (keyId: string): KeyState
  /** Rests one model of a key until a time; a later end replaces an earlier one. */
  cooldown (keyId: string, cooldown: Cooldown): void
  /** Counts one more refusal in a row and takes the key out until `outUntil(failures)`, 0 for not at all. */
  refused (keyId: string, outUntil: (failures: number) => number): void
  /** The key works: what was held against it is forgotten. */
  worked (keyId: string): void
}

/** Stands for every model in a cool-down. */
export const ANY_MODEL = '*'
/** Models of one key that can rest at the same time. */
const MOST_MODELS = 64

interface MutableState {
  consecutiveFailures: number
  outUntil: number
  outSince: number
  cooldowns: Map<string, Cooldown>
}

/** @param clock epoch milliseconds; cool-downs that are over are dropped when a key is looked at */
export function createMemoryKeyStateStore (clock: () => number): KeyStateStore {
  const states = new Map<string, MutableState>()

  function stateOf (keyId: string): MutableState {
    let state = states.get(keyId)
    if (state === undefined) states.set(keyId, state = { consecutiveFailures: 0, outUntil: 0, outSince: 0, cooldowns: new Map() })
    return state
  }

  return {
    snapshot (keyId) {
      const state = stateOf(keyId)
      for (const { model, until } of state.cooldowns.values()) {
        if (until <= clock()) state.cooldowns.delete(model)
      }
      return state
    },
    cooldown (keyId, cooldown) {
      const { cooldowns } = stateOf(keyId)
      // A client can name any number of models; past a handful of them it is the key that rests.
      const model = cooldowns.size < MOST_MODELS ? cooldown.model : ANY_MODEL
      if ((cooldowns.get(model)?.until ?? 0) < cooldown.until) cooldowns.set(model, { ...cooldown, model })
    },
    refused (keyId, outUntil) {
      const state = stateOf(keyId)
      state.consecutiveFailures++
      state.outUntil = outUntil(state.consecutiveFailures)
      if (state.outUntil > 0) state.outSince = clock()
    },
    worked (keyId) {
      const state = stateOf(keyId)
      state.consecutiveFailures = 0
      state.outUntil = 0
    }
  }
}
