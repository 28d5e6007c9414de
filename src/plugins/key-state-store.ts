/** Why and until when something is not used. All times are epoch milliseconds. */
export interface Rest {
  /** What rests: an owner (a key, a workspace, an organisation), or one of its models; see {@link scopeOf}. */
  scope: string
  kind: 'quota' | 'credential'
  since: number
  until: number
  /** Faults in a row. What has none is over when its time is up; the rest is tried by one request first. */
  failures: number
  reason: string
}

/**
 * The part of the pool's state that replicas would share. The memory store serves one process; a store that several share
 * keeps the same contract.
 */
export interface KeyStateStore {
  /** How much is known; nothing, nearly always, and then nobody need ask further. */
  readonly size: number
  get (scope: string): Rest | undefined
  /** Everything that rests or waits to be tried again. */
  snapshot (): Rest[]
  /** Begins a rest, or replaces one. */
  cooldown (rest: Rest): void
  /** Ends a rest. */
  clear (scope: string): void
}

/** @param clock epoch milliseconds; rests that are over are dropped when they are looked at */
export function createMemoryKeyStateStore (clock: () => number): KeyStateStore {
  const rests = new Map<string, Rest>()

  function get (scope: string): Rest | undefined {
    const rest = rests.get(scope)
    if (rest === undefined || rest.failures > 0 || rest.until > clock()) return rest
    rests.delete(scope)
    return undefined
  }

  return {
    get size () {
      return rests.size
    },
    get,
    snapshot: () => [...rests.keys()].map(get).filter((rest) => rest !== undefined),
    cooldown: (rest) => { rests.set(rest.scope, rest) },
    clear: (scope) => { rests.delete(scope) }
  }
}

/** The scope of one owner's model. A line feed parts them: no label holds one. */
export function scopeOf (owner: string, model: string): string {
  return `${owner}\n${model}`
}

export function ownerOf (scope: string): string {
  return scope.split('\n', 1)[0]!
}

/** The model of a scope; null when the scope is a whole owner. */
export function modelOf (scope: string): string | null {
  const at = scope.indexOf('\n')
  return at === -1 ? null : scope.slice(at + 1)
}
