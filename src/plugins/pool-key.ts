import { createHash } from 'node:crypto'
import type { Config } from '../config.ts'
import type { FaultScope } from '../upstreams/fault-table.ts'
import { createKeyTally, type KeyTally } from './key-tally.ts'
import { scopeOf } from './key-state-store.ts'

export type KeyConfig = Config['claude']['api_keys'][number]

/** Where a key came from: the configuration's environment or file, or an admin while the gateway ran. */
export type KeySource = 'env' | 'file' | 'store'

/** A key of the pool, with what is counted of it. */
export interface PoolKey {
  readonly id: string
  readonly secret: string
  source: KeySource
  name: string
  organisation: string
  /** The organisation is what the upstream says, no longer a label. */
  organisationIsKnown: boolean
  workspace: string
  weight: number
  /** Taken out of use by an admin. */
  disabled: boolean
  readonly tally: KeyTally
}

/** Stands for every model. */
export const ANY_MODEL = '*'

/** A key's name for everybody else: a hash of it, so that it is the same after a restart and in every process. */
export function keyIdOf (key: string): string {
  return `key_${createHash('sha256').update(key).digest('hex').slice(0, 12)}`
}

/** @param number its place in the pool, from 1; the name of a key that has none */
export function poolKey (config: KeyConfig, number: number, source: KeySource): PoolKey {
  const id = keyIdOf(config.key)
  return {
    id,
    secret: config.key,
    source,
    ...labelsOf(config, id, number),
    organisationIsKnown: false,
    disabled: false,
    tally: createKeyTally()
  }
}

/** Gives a key the labels that the configuration now has for it; what is known and counted of it stays. */
export function relabel (key: PoolKey, config: KeyConfig, number: number, source: KeySource): void {
  const labels = labelsOf(config, key.id, number)
  Object.assign(key, labels, { source, organisation: key.organisationIsKnown ? key.organisation : labels.organisation })
}

/** Without labels a key is an organisation and a workspace of its own. */
function labelsOf ({ name, org, workspace, weight }: KeyConfig, id: string, number: number): Pick<PoolKey, 'name' | 'organisation' | 'workspace' | 'weight'> {
  return { name: name ?? `key ${number}`, organisation: org ?? id, workspace: workspace ?? id, weight: weight ?? 1 }
}

/** Whose rests concern a key. */
export function ownersOf ({ id, workspace, organisation }: PoolKey): string[] {
  return [`key:${id}`, `workspace:${workspace}`, ownerOfOrganisation(organisation)]
}

export function ownerOfOrganisation (organisation: string): string {
  return `organisation:${organisation}`
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
export function workspacesOf (keys: readonly PoolKey[]): Array<{ id: string, weight: number }> {
  const weights = new Map<string, number>()
  for (const { workspace, weight } of keys) weights.set(workspace, (weights.get(workspace) ?? 0) + weight)
  return [...weights].map(([id, weight]) => ({ id, weight }))
}
