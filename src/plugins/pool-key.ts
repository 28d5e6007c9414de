import { createHash } from 'node:crypto'
import type { Config } from '../config.ts'
import type { FaultScope } from '../upstreams/fault-table.ts'
import { scopeOf } from './key-state-store.ts'

export type KeyConfig = Config['claude']['api_keys'][number]

/** A key of the pool, with what is counted of it. Times are epoch milliseconds. */
export interface PoolKey {
  readonly id: string
  readonly secret: string
  readonly name: string
  organisation: string
  /** The organisation is what the upstream says, no longer a label. */
  organisationIsKnown: boolean
  readonly workspace: string
  readonly weight: number
  requests: number
  errors: number
  leases: number
  lastUsed: number | null
  lastError: number | null
  lastErrorReason: string | null
}

/** Stands for every model. */
export const ANY_MODEL = '*'

/** A key as the configuration has it; without labels it is an organisation and a workspace of its own. */
export function poolKey (config: KeyConfig, index: number): PoolKey {
  const id = `key_${createHash('sha256').update(config.key).digest('hex').slice(0, 12)}`
  return {
    id,
    secret: config.key,
    name: config.name ?? `key ${index + 1}`,
    organisation: config.org ?? id,
    organisationIsKnown: false,
    workspace: config.workspace ?? id,
    weight: config.weight ?? 1,
    requests: 0,
    errors: 0,
    leases: 0,
    lastUsed: null,
    lastError: null,
    lastErrorReason: null
  }
}

/** Whose rests concern a key. */
export function ownersOf ({ id, workspace, organisation }: PoolKey): string[] {
  return [`key:${id}`, `workspace:${workspace}`, `organisation:${organisation}`]
}

/** Every scope whose rest keeps the key from being used for the model. */
export function scopesOf (key: PoolKey, model: string): string[] {
  return ownersOf(key).flatMap((owner) => [owner, scopeOf(owner, model), scopeOf(owner, ANY_MODEL)])
}

/** The scope that a fault of this key and model is about. */
export function scopeName (scope: Exclude<FaultScope, 'none'>, key: PoolKey, model: string): string {
  const [byKey, byWorkspace, byOrganisation] = ownersOf(key)
  switch (scope) {
    case 'key': return byKey!
    case 'key_model': return scopeOf(byKey!, model)
    case 'workspace_model': return scopeOf(byWorkspace!, model)
    case 'organisation_model': return scopeOf(byOrganisation!, model)
    case 'organisation': return byOrganisation!
  }
}

/** The workspaces of some keys, each with the weight of its keys. */
export function workspacesOf (keys: PoolKey[]): Array<{ id: string, weight: number }> {
  const weights = new Map<string, number>()
  for (const { workspace, weight } of keys) weights.set(workspace, (weights.get(workspace) ?? 0) + weight)
  return [...weights].map(([id, weight]) => ({ id, weight }))
}
