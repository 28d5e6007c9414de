import { sql, type Kysely } from 'kysely'
import { DEFAULT_MIGRATION_TABLE, Migrator, type Migration } from 'kysely/migration'
import type { Database } from './schema.ts'

/**
 * The history of the schema, oldest first by name. A migration that has been released is never edited.
 * Portable SQL only: `bigint` and `text` mean the same in SQLite and in PostgreSQL.
 */
const migrations: Record<string, Migration> = {
  '0001_tokens': {
    async up (db: Kysely<unknown>) {
      await db.schema.createTable('tokens')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('mode', 'text', (column) => column.notNull().check(sql`mode in ('web', 'api', 'both')`))
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .addColumn('revoked_at', 'bigint')
        .addColumn('last_used_at', 'bigint')
        .execute()
    }
  },
  '0002_keys': {
    async up (db: Kysely<unknown>) {
      await db.schema.createTable('api_keys')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('org', 'text')
        .addColumn('workspace', 'text')
        .addColumn('weight', 'double precision', (column) => column.notNull())
        .addColumn('secret', 'text', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .execute()
      await db.schema.createTable('disabled_keys')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('disabled_at', 'bigint', (column) => column.notNull())
        .execute()
    }
  },
  '0003_resources': {
    async up (db: Kysely<unknown>) {
      await db.schema.createTable('resources')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('kind', 'text', (column) => column.notNull().check(sql`kind in ('batch', 'file', 'skill', 'container')`))
        .addColumn('workspace', 'text', (column) => column.notNull())
        .addColumn('key_id', 'text', (column) => column.notNull())
        .addColumn('token_id', 'text', (column) => column.notNull().references('tokens.id').onDelete('cascade'))
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .execute()
      await db.schema.createIndex('resources_of_token').on('resources').columns(['token_id', 'kind', 'created_at']).execute()
    }
  },
  '0004_sessions': {
    async up (db: Kysely<unknown>) {
      await db.schema.createTable('sessions')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('secret', 'text', (column) => column.notNull())
        .addColumn('previous_secret', 'text')
        .addColumn('organization_id', 'text')
        .addColumn('organization_name', 'text')
        .addColumn('plan', 'text')
        .addColumn('status', 'text', (column) => column.notNull().check(sql`status in ('active', 'unverified', 'dead', 'disabled')`))
        .addColumn('status_reason', 'text')
        .addColumn('is_active', 'bigint', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('expires_at', 'bigint')
        .addColumn('key_since', 'bigint', (column) => column.notNull())
        .addColumn('cookie_expires_at', 'bigint')
        .addColumn('last_used_at', 'bigint')
        .execute()
      await db.schema.createTable('web_conversations')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('session_id', 'text', (column) => column.notNull().references('sessions.id').onDelete('cascade'))
        .addColumn('organization_id', 'text', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .execute()
    }
  }
}

/**
 * Brings the database to the schema of this program.
 * @throws Error when a newer program has migrated it further: this one would misread it
 */
export async function migrate (db: Kysely<Database>): Promise<void> {
  await refuseNewer(db)
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
}

async function refuseNewer (db: Kysely<Database>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === DEFAULT_MIGRATION_TABLE)) return
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)} order by name`.execute(db)
  const unknown = rows.map((row) => row.name).filter((name) => !Object.hasOwn(migrations, name))
  if (unknown.length === 0) return
  throw new Error(`it was written by a newer version of ccproxy (unknown migration ${unknown.join(', ')}); run that version or a later one`)
}
