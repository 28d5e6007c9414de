import { randomUUID } from 'node:crypto'
import fp from 'fastify-plugin'
import type { FastifyBaseLogger } from 'fastify'
import type { Kysely } from 'kysely'
import { GatewayError } from '../errors.ts'
import type { Database, TokenMode, TokenRow } from './database/schema.ts'
import { createLastUsed, FLUSH_INTERVAL } from './last-used.ts'

declare module 'fastify' {
  interface FastifyInstance {
    tokens: TokenStore
  }
}

export type TokenStore = Awaited<ReturnType<typeof createTokenStore>>

export interface TokenStoreDeps {
  db: Kysely<Database>
  log: Pick<FastifyBaseLogger, 'error'>
  /** Told once a token is revoked, in the database and in memory. */
  onRevoked: (id: string) => void
  /** Epoch milliseconds. */
  clock?: () => number
}

/**
 * The issued tokens: all of them in memory, so that no request waits for the database, and written through.
 * The rows handed out are the live ones: a revocation is seen by whoever holds one.
 */
export async function createTokenStore ({ db, log, onRevoked, clock = Date.now }: TokenStoreDeps) {
  const rows = new Map<string, TokenRow>()
  for (const row of await db.selectFrom('tokens').selectAll().execute()) rows.set(row.id, row)
  const lastUsed = createLastUsed<TokenRow>({ write: (batch) => writeLastUsed(db, batch), log, clock })

  return {
    /**
     * Issues a token.
     * @param expiresAt epoch milliseconds, rounded up to the whole second that a token can say
     */
    async create ({ name, mode, expiresAt }: { name: string, mode: TokenMode, expiresAt: number }): Promise<TokenRow> {
      const row: TokenRow = {
        id: randomUUID(),
        name,
        mode,
        created_at: clock(),
        expires_at: Math.ceil(expiresAt / 1_000) * 1_000,
        revoked_at: null,
        last_used_at: null
      }
      await db.insertInto('tokens').values(row).execute()
      rows.set(row.id, row)
      return row
    },

    /** All tokens, newest first; those of one moment in the order of their ids, so that the order survives a restart. */
    list (): TokenRow[] {
      return [...rows.values()].sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1))
    },

    get (id: string): TokenRow | undefined {
      return rows.get(id)
    },

    /**
     * Revokes a token for good and ends its running requests. The database comes first: a token that is refused now
     * must still be refused after a crash, so a failed write is told and revokes nothing.
     * @returns false when there is no such token; true also when it was revoked before, and then the first time stands
     */
    async revoke (id: string): Promise<boolean> {
      const row = rows.get(id)
      if (row === undefined) return false
      if (row.revoked_at !== null) return true
      const revokedAt = clock()
      await db.updateTable('tokens').set({ revoked_at: revokedAt }).where('id', '=', id).where('revoked_at', 'is', null).execute()
      row.revoked_at ??= revokedAt
      onRevoked(id)
      return true
    },

    /** Notes that the token was used just now. In memory only: the next flush writes it. */
    touch (id: string): void {
      const row = rows.get(id)
      if (row === undefined) return
      lastUsed.touch(row)
    },

    /** Writes the times of last use. */
    flush: lastUsed.flush
  }
}

/** Whether a token is good at `now` (epoch milliseconds). */
export function isValid (row: TokenRow, now: number): boolean {
  return row.revoked_at === null && now < row.expires_at
}

/** One transaction, so that the disk is synced once. It holds nothing but writes and so never has to upgrade a read lock. */
async function writeLastUsed (db: Kysely<Database>, batch: Iterable<TokenRow>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const row of batch) {
      await trx.updateTable('tokens').set({ last_used_at: row.last_used_at }).where('id', '=', row.id).execute()
    }
  })
}

/** The error that a revoked token meets, on its next request and in its running streams. */
export function revokedError (): GatewayError {
  return new GatewayError('authentication_error', 'This token has been revoked; ask the gateway\'s admin for a new one.', { code: 'token_revoked' })
}

export default fp<{ clock?: () => number }>(async (app, { clock }) => {
  const tokens = await createTokenStore({
    db: app.db,
    log: app.log,
    clock,
    onRevoked: (id) => app.exchanges.endAllOf(id, revokedError())
  })
  app.decorate('tokens', tokens)
  const timer = setInterval(tokens.flush, FLUSH_INTERVAL).unref()
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await tokens.flush()
  })
}, { name: 'ccproxy-token-store', fastify: '5.x', dependencies: ['ccproxy-database', 'ccproxy-exchanges'] })
