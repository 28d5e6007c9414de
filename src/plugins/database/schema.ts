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
  sessions: SessionsTable
  web_conversations: WebConversationsTable
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

/** What claude.ai last said of a session; `unverified` before it has been asked. A rate limit is no status: it passes by itself. */
export type SessionStatus = 'active' | 'unverified' | 'dead' | 'disabled'

/** Sessions of claude.ai: the owner's own cookies. */
export interface SessionsTable {
  id: string
  name: string
  /** The `sessionKey` cookie, sealed with `id` as its identity. */
  secret: string
  /** The one before it, where claude.ai has renewed it: the renewal may turn out to be worth nothing. */
  previous_secret: string | null
  /** Null until claude.ai has been asked. */
  organization_id: string | null
  organization_name: string | null
  plan: string | null
  status: SessionStatus
  /** Why it is not active, in an operator's words. */
  status_reason: string | null
  /** 0 when an admin took it out of use. */
  is_active: 0 | 1
  created_at: number
  /** As its admin said; null for never. */
  expires_at: number | null
  /** When the cookie was issued, as far as is known: when it was added, or renewed. */
  key_since: number
  /** As claude.ai said when it renewed the cookie. */
  cookie_expires_at: number | null
  last_used_at: number | null
}

/**
 * Conversations on claude.ai that this gateway has made and not yet deleted. Written before they are made, so that nothing is left behind
 * whatever happens in between.
 */
export interface WebConversationsTable {
  id: string
  session_id: string
  organization_id: string
  created_at: number
}

export type TokenRow = Selectable<TokensTable>
export type ApiKeyRow = Selectable<ApiKeysTable>
export type ResourceRow = Selectable<ResourcesTable>
export type SessionRow = Selectable<SessionsTable>
export type WebConversationRow = Selectable<WebConversationsTable>
