import { GatewayError } from '../errors.ts'
import type { ResourceStore } from '../plugins/resource-store.ts'
import { notFound } from './own-resources.ts'

/**
 * Where the files and skills live that a body names. What is not recorded is the upstream's to judge: tools make files too.
 * @param ids what may be ids; see `ReferenceScanner`
 * @returns undefined when none of them is recorded
 * @throws GatewayError 404 for what is another token's, 400 for what does not live in one workspace
 */
export async function workspaceNamed (resources: ResourceStore, tokenId: string, ids: readonly string[]): Promise<string | undefined> {
  const rows = await resources.find(ids)
  const foreign = rows.find((row) => row.token_id !== tokenId)
  if (foreign !== undefined) throw notFound(foreign.kind, foreign.id)
  const [home, another] = new Set(rows.map((row) => resources.workspaceOf(row)))
  if (another !== undefined) throw notTogether(rows.map(({ id }) => id))
  return home
}

/** One request goes to one workspace. */
export function notTogether (ids: string[]): GatewayError {
  return new GatewayError('invalid_request_error', `${ids.slice(0, 5).join(', ')}: were made in different workspaces, and no request can use them together; upload them again.`, {
    code: 'different_workspaces'
  })
}
