import type { Selectable } from 'kysely'

/** What a client token may be used for. */
export type TokenMode = 'web' | 'api' | 'both'

export const TOKEN_MODES: readonly TokenMode[] = ['web', 'api', 'both']

/** The tables of the gateway. All times are epoch milliseconds. */
export interface Database {
  tokens: TokensTable
  api_keys: ApiKeysTable
  disabled_keys: DisabledKeysTable
  resources: ResourcesTable
}

/** Issued client tokens. The token itself is never stored: `id` is its `jti`, and the signature vouches for the rest. */
export interface TokensTable {
  id: string
  name: string
  mode: TokenMode
  created_at: number
  /** A whole second, for that is all the token's `exp` claim can say. */
  expires_at: number
  revoked_at: number | null
  last_used_at: number | null
}

/** API keys that an admin added while the gateway ran; those of the configuration are not here. */
export interface ApiKeysTable {
  /** As the pool names the key: a hash of it. */
  id: string
  name: string
  org: string | null
  workspace: string | null
  weight: number
  /** The key, sealed with `id` as its identity. */
  secret: string
  created_at: number
}

/** Keys of any source that an admin took out of use, so that a restart does not put them back. */
export interface DisabledKeysTable {
  id: string
  disabled_at: number
}

export type ResourceKind = 'batch' | 'file' | 'skill' | 'container'

/** What was made upstream through this gateway: where it lives, and whose it is. */
export interface ResourcesTable {
  /** The upstream's id. */
  id: string
  kind: ResourceKind
  /** The workspace in which it was made, and the key that made it, as the pool names them. */
  workspace: string
  key_id: string
  /** The client token that made it. */
  token_id: string
  created_at: number
}

export type TokenRow = Selectable<TokensTable>
export type ApiKeyRow = Selectable<ApiKeysTable>
export type ResourceRow = Selectable<ResourcesTable>
