import fp from 'fastify-plugin'
import type { Kysely } from 'kysely'
import type { Database, ResourceKind, ResourceRow } from './database/schema.ts'
import type { KeyPool } from './key-pool.ts'
import { rendezvous } from './rendezvous.ts'

declare module 'fastify' {
  interface FastifyInstance {
    resources: ResourceStore
  }
}

/** Ids that are looked up in one statement: SQLite takes no more than 32,766 values. */
const BATCH = 1_000

export type ResourceStore = Awaited<ReturnType<typeof createResourceStore>>

export interface ResourceStoreDeps {
  db: Kysely<Database>
  pool: Pick<KeyPool, 'workspaces' | 'workspaceOf'>
  /** Epoch milliseconds. */
  clock?: () => number
}

/**
 * What was made upstream through the gateway: files, batches, skills and containers, with the token whose they are and the workspace where they
 * live. It is asked of the database every time, for none of it is on the path of ordinary requests.
 */
export async function createResourceStore ({ db, pool, clock = Date.now }: ResourceStoreDeps) {
  const { count } = await db.selectFrom('resources').select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
  let size = Number(count)

  /** Where a resource is today: labels may have changed since it was made. */
  function workspaceOf ({ workspace, key_id: keyId }: Pick<ResourceRow, 'workspace' | 'key_id'>): string {
    const isKnown = pool.workspaces().some(({ id }) => id === workspace)
    return isKnown ? workspace : pool.workspaceOf(keyId) ?? workspace
  }

  return {
    /** How many are recorded; while it is zero nothing need be looked up. */
    get size (): number {
      return size
    },

    workspaceOf,

    /** The recorded among some ids, whoever made them. */
    async find (ids: readonly string[]): Promise<ResourceRow[]> {
      const rows: ResourceRow[] = []
      for (let at = 0; at < ids.length; at += BATCH) {
        rows.push(...await db.selectFrom('resources').selectAll().where('id', 'in', ids.slice(at, at + BATCH)).execute())
      }
      return rows
    },

    /** Records what has just been made. A second record of the same id changes nothing: whoever made it first has it. */
    async add (row: Omit<ResourceRow, 'created_at'>): Promise<void> {
      const { numInsertedOrUpdatedRows } = await db.insertInto('resources').values({ ...row, created_at: clock() })
        .onConflict((conflict) => conflict.column('id').doNothing()).executeTakeFirst()
      size += Number(numInsertedOrUpdatedRows ?? 0n)
    },

    async remove (id: string): Promise<void> {
      const { numDeletedRows } = await db.deleteFrom('resources').where('id', '=', id).executeTakeFirst()
      size -= Number(numDeletedRows)
    },

    /**
     * The workspace in which a token makes what it makes, and lists it: that of its newest resource, as long as the pool has it, else one that every
     * process and every start finds in the same way.
     */
    async homeOf (tokenId: string): Promise<string | undefined> {
      const newest = await db.selectFrom('resources').select(['workspace', 'key_id']).where('token_id', '=', tokenId)
        .orderBy('created_at', 'desc').orderBy('id').limit(1).executeTakeFirst()
      const workspaces = pool.workspaces()
      const home = newest === undefined ? undefined : workspaceOf(newest)
      return workspaces.some(({ id }) => id === home) ? home : rendezvous(tokenId, workspaces)[0]?.id
    },

    /** Whether a token has any of a kind. */
    async hasAny (tokenId: string, kind: ResourceKind): Promise<boolean> {
      const row = await db.selectFrom('resources').select('id').where('token_id', '=', tokenId).where('kind', '=', kind).limit(1).executeTakeFirst()
      return row !== undefined
    }
  }
}

export default fp(async (app) => {
  app.decorate('resources', await createResourceStore({ db: app.db, pool: app.keyPool }))
}, { name: 'ccproxy-resource-store', fastify: '5.x', dependencies: ['ccproxy-database', 'ccproxy-key-pool'] })
