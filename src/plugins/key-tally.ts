import type { Usage } from '../upstreams/usage.ts'
import { boundedEntry } from './bounded-map.ts'

/** What is counted of a key, or of one model with it. Times are epoch milliseconds. */
export interface Tally {
  requests: number
  errors: number
  inputTokens: number
  outputTokens: number
  cacheReadTokens: number
  cacheCreationTokens: number
  lastUsed: number | null
  lastError: number | null
  lastErrorReason: string | null
}

/** Models that are counted one by one; a client can name any number of them. */
const MOST_MODELS = 64

export type KeyTally = ReturnType<typeof createKeyTally>

/**
 * Counts what one key did: in all, and for each model that it answered or failed. A model counts from its first answer on, so that names
 * that no upstream knows leave nothing behind. Past {@link MOST_MODELS} the one that was used least recently is forgotten; the whole stays right.
 */
export function createKeyTally () {
  const whole = emptyTally()
  const models = new Map<string, Tally>()

  /** The one used last: nearly always it is the one that is used next. */
  let latest: { model: string, tally: Tally } | null = null

  function ofModel (model: string): Tally {
    if (latest?.model !== model) latest = { model, tally: boundedEntry(models, model, MOST_MODELS, emptyTally) }
    return latest.tally
  }

  function note (tally: Tally, reason: string, now: number): void {
    tally.errors++
    tally.lastError = now
    tally.lastErrorReason = reason
  }

  return {
    whole: whole as Readonly<Tally>,
    models: models as ReadonlyMap<string, Readonly<Tally>>,

    /** The key is lent. */
    lent (now: number): void {
      whole.requests++
      whole.lastUsed = now
    },

    /** An attempt told something of the key or of the model. @param model empty when it was about none */
    answered (model: string, now: number): void {
      if (model === '') return
      const tally = ofModel(model)
      tally.requests++
      tally.lastUsed = now
    },

    failed (model: string, reason: string, now: number): void {
      note(whole, reason, now)
      if (model !== '') note(ofModel(model), reason, now)
    },

    spent (model: string, usage: Usage): void {
      addUsage(whole, usage)
      if (model !== '') addUsage(ofModel(model), usage)
    },

    /** Forgets what went wrong last; what is counted stays. */
    forgive (): void {
      for (const tally of [whole, ...models.values()]) {
        tally.lastError = null
        tally.lastErrorReason = null
      }
    }
  }
}

function addUsage (tally: Tally, usage: Usage): void {
  tally.inputTokens += usage.inputTokens ?? 0
  tally.outputTokens += usage.outputTokens ?? 0
  tally.cacheReadTokens += usage.cacheReadTokens ?? 0
  tally.cacheCreationTokens += usage.cacheCreationTokens ?? 0
}

function emptyTally (): Tally {
  return {
    requests: 0,
    errors: 0,
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheCreationTokens: 0,
    lastUsed: null,
    lastError: null,
    lastErrorReason: null
  }
}
