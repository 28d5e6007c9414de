import { modelOf, scopeOf, type KeyStateStore, type Rest } from './key-state-store.ts'

/** No limit of a plan is longer than a week, in milliseconds; what says so is wrong. */
const LONGEST_REST = 7 * 86_400_000
/** Models of one session that rest at the same time, and the longest name of one, in characters: a client can name any number of any length. */
const MOST_MODELS = 64
const LONGEST_NAME = 256

export interface NewRest {
  /** Null for the whole session. */
  model: string | null
  kind: Rest['kind']
  /** Epoch milliseconds. */
  until: number
  reason: string
}

/** What rests of which session: the whole of it, or models. @param clock epoch milliseconds */
export function createSessionRests (store: KeyStateStore, clock: () => number) {
  function of (id: string): Rest[] {
    const owner = ownerOf(id)
    return store.snapshot().filter(({ scope, until }) => (scope === owner || scope.startsWith(`${owner}\n`)) && until > clock())
  }

  /** A place for one more model: of what the plan lacks, what ends first gives way before any limit does. The session itself always has its place. */
  function makeRoom (id: string): void {
    const models = of(id).filter(({ scope }) => modelOf(scope) !== null)
    if (models.length < MOST_MODELS) return
    const lacking = models.filter(({ kind }) => kind === 'credential')
    const [first] = (lacking.length > 0 ? lacking : models).sort((a, b) => a.until - b.until)
    store.clear(first!.scope)
  }

  return {
    /** All of one session's. */
    of,

    /** What keeps a session from being asked for a model. */
    blocking (id: string, model: string, now: number): Rest | undefined {
      if (store.size === 0) return undefined
      return [ownerOf(id), scopeOf(ownerOf(id), model)].map(store.get).find((rest) => rest !== undefined && rest.until > now)
    },

    begin (id: string, { model, kind, until, reason }: NewRest): void {
      if (model !== null && model.length > LONGEST_NAME) return
      const now = clock()
      const scope = model === null ? ownerOf(id) : scopeOf(ownerOf(id), model)
      if (model !== null && store.get(scope) === undefined) makeRoom(id)
      store.cooldown({ scope, kind, since: now, until: Math.min(until, now + LONGEST_REST), failures: 0, reason })
    },

    /** Forgets what rests of a session. @param kind only this kind */
    clear (id: string, kind?: Rest['kind']): void {
      for (const rest of of(id)) if (kind === undefined || rest.kind === kind) store.clear(rest.scope)
    }
  }
}

function ownerOf (id: string): string {
  return `session:${id}`
}
