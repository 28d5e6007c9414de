import type { Selectable } from 'kysely'

/** What a client token may be used for. */
export type TokenMode = 'web' | 'api' | 'both'

export const TOKEN_MODES: readonly TokenMode[] = ['web', 'api', 'both']

/** The tables of the gateway. All times are epoch milliseconds. */
export interface Database {
  tokens: TokensTable
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

export type TokenRow = Selectable<TokensTable>
