import fp from 'fastify-plugin'
import type { FastifyBaseLogger } from 'fastify'
import type { Kysely } from 'kysely'
import type { ApiKeyRow, Database } from './database/schema.ts'
import { sealIdentity } from './encryption.ts'
import type { KeyPool } from './key-pool.ts'
import { keyIdOf, type KeyConfig } from './pool-key.ts'
import type { SecretBox } from './secret-box.ts'

declare module 'fastify' {
  interface FastifyInstance {
    keyStore: KeyStore
  }
}

/** A stored key that cannot be read. */
export interface UnreadableKey {
  id: string
  name: string
  reason: string
}

export type KeyStore = Awaited<ReturnType<typeof createKeyStore>>

export interface KeyStoreDeps {
  db: Kysely<Database>
  box: SecretBox
  pool: Pick<KeyPool, 'add' | 'remove' | 'setDisabled' | 'sourceOf' | 'configure'>
  log: Pick<FastifyBaseLogger, 'error' | 'warn'>
  /** Epoch milliseconds. */
  clock?: () => number
}

/**
 * What an admin did to the pool, kept over restarts: keys that were added, encrypted, and marks of those that were disabled, wherever they
 * come from. The database comes first, so that nothing is in use, or out of it, that a restart would undo.
 */
export async function createKeyStore ({ db, box, pool, log, clock = Date.now }: KeyStoreDeps) {
  const rows = new Map<string, ApiKeyRow>()
  const unreadable = new Map<string, UnreadableKey>()
  const disabled = new Set((await db.selectFrom('disabled_keys').select('id').execute()).map(({ id }) => id))
  for (const row of await db.selectFrom('api_keys').selectAll().orderBy('created_at').orderBy('id').execute()) {
    rows.set(row.id, row)
    load(row)
  }
  disable()

  function load (row: ApiKeyRow): void {
    if (pool.sourceOf(row.id) !== undefined) return log.warn({ keyId: row.id }, 'a stored key is in the configuration too, which is what counts')
    try {
      pool.add(configOf(row, box.open(row.secret, identityOf(row.id))), 'store')
    } catch (error) {
      const reason = (error as Error).message
      unreadable.set(row.id, { id: row.id, name: row.name, reason })
      log.error({ keyId: row.id, reason }, 'a stored key cannot be read: set CCPROXY_STORAGE_ENCRYPTION_KEY (or the JWT secret, where that is not set) ' +
        'to what it was when the key was added, or delete the key with DELETE /api/keys/{id} and add it again')
    }
  }

  /** Marks that name no key stay: their key may come back with the file. */
  function disable (): void {
    for (const id of disabled) pool.setDisabled(id, true)
  }

  return {
    /** Stored keys that are not in the pool, because they cannot be read. */
    get unreadable (): UnreadableKey[] {
      return [...unreadable.values()]
    },

    /** Stores a key and puts it into the pool, which must not have it. @returns its id */
    async add (config: KeyConfig & { name: string }): Promise<string> {
      const id = keyIdOf(config.key)
      const row: ApiKeyRow = {
        id,
        name: config.name,
        org: config.org ?? null,
        workspace: config.workspace ?? null,
        weight: config.weight ?? 1,
        secret: box.seal(config.key, identityOf(id)),
        created_at: clock()
      }
      // What was stored of the same key and cannot be read is of no use to anybody.
      await db.transaction().execute(async (trx) => {
        await trx.deleteFrom('api_keys').where('id', '=', id).execute()
        await trx.insertInto('api_keys').values(row).execute()
      })
      rows.set(id, row)
      unreadable.delete(id)
      if (pool.sourceOf(id) === undefined) pool.add(config, 'store')
      pool.setDisabled(id, disabled.has(id))
      return id
    },

    /** Deletes a stored key, and the mark that it is disabled. @returns false when there is none */
    async remove (id: string): Promise<boolean> {
      const { numDeletedRows } = await db.deleteFrom('api_keys').where('id', '=', id).executeTakeFirst()
      if (numDeletedRows === 0n) return false
      await db.deleteFrom('disabled_keys').where('id', '=', id).execute()
      disabled.delete(id)
      rows.delete(id)
      unreadable.delete(id)
      if (pool.sourceOf(id) === 'store') pool.remove(id)
      return true
    },

    /** Takes a key out of use, or puts it back. @returns false when the pool has no such key */
    async setDisabled (id: string, isDisabled: boolean): Promise<boolean> {
      if (pool.sourceOf(id) === undefined) return false
      if (isDisabled && !disabled.has(id)) {
        await db.insertInto('disabled_keys').values({ id, disabled_at: clock() }).onConflict((conflict) => conflict.column('id').doNothing()).execute()
        disabled.add(id)
      } else if (!isDisabled) {
        await db.deleteFrom('disabled_keys').where('id', '=', id).execute()
        disabled.delete(id)
      }
      return pool.setDisabled(id, isDisabled)
    },

    /** Replaces the keys of the configuration. Those that an admin disabled stay so; one that was added as well is there still. */
    configure (...args: Parameters<KeyPool['configure']>): ReturnType<KeyPool['configure']> {
      const changes = pool.configure(...args)
      for (const row of rows.values()) {
        if (pool.sourceOf(row.id) === undefined && !unreadable.has(row.id)) load(row)
      }
      disable()
      return changes
    }
  }
}

function identityOf (id: string): string {
  return sealIdentity('api_keys', id)
}

function configOf ({ name, org, workspace, weight }: ApiKeyRow, key: string): KeyConfig {
  return { key, name, weight, ...org !== null && { org }, ...workspace !== null && { workspace } }
}

export default fp(async (app) => {
  app.decorate('keyStore', await createKeyStore({ db: app.db, pool: app.keyPool, log: app.log, box: app.secretBox }))
}, { name: 'ccproxy-key-store', fastify: '5.x', dependencies: ['ccproxy-encryption', 'ccproxy-key-pool'] })
