import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import fp from 'fastify-plugin'
import { Kysely, SqliteDialect } from 'kysely'
import { ConfigError } from '../../config.ts'
import { migrate } from './migrations.ts'
import type { Database } from './schema.ts'

declare module 'fastify' {
  interface FastifyInstance {
    db: Awaited<ReturnType<typeof createDatabase>>['db']
  }
}

export interface DatabaseOptions {
  /** The SQLite file, made with its folder when missing; `:memory:` keeps nothing. */
  path: string
}

/** SQLite up to 3.51.2 can corrupt a WAL database that two connections share. Source: SQLite's notes on the WAL-reset bug, fixed in 3.51.3. */
const OLDEST_SQLITE = [3, 51, 3] as const

/** How long a statement waits for another process's lock, in milliseconds. */
const BUSY_TIMEOUT = 5_000

/**
 * Opens the database and brings it to the schema of this program.
 * @returns the database, and what closes it with everything in the one file
 * @throws ConfigError that names the path, its setting and the cause
 */
export async function createDatabase ({ path }: DatabaseOptions) {
  let sqlite: Sqlite.Database | undefined
  try {
    sqlite = openSqlite(path)
    const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: sqlite }) })
    await migrate(db)
    return { db, close: () => closeDatabase(db, sqlite!) }
  } catch (error) {
    sqlite?.close()
    throw new ConfigError([`CCPROXY_STORAGE_DB_PATH (storage.db_path): the database "${path}" cannot be used: ${reasonOf(error)}.`])
  }
}

/** What SQLite and the file system say of rights is terse: a folder that cannot be written makes the file a "readonly database". */
function reasonOf (error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException
  return code === undefined ? message : `${message}; the gateway must be able to write the file and its folder`
}

function openSqlite (path: string): Sqlite.Database {
  if (path !== ':memory:') makePrivateFile(path)
  const sqlite = new Sqlite(path, { timeout: BUSY_TIMEOUT })
  try {
    assertSqliteVersion(sqlite.prepare<[], string>('select sqlite_version()').pluck().get()!)
    sqlite.pragma('journal_mode = WAL')
    // This build of SQLite takes WAL to mean NORMAL, which may forget a revocation when the power fails.
    sqlite.pragma('synchronous = FULL')
    sqlite.pragma(`busy_timeout = ${BUSY_TIMEOUT}`)
    sqlite.pragma('foreign_keys = ON')
    sqlite.pragma('trusted_schema = OFF')
    // A file that can be read but not written opens without complaint; better to hear of it now than at the first write.
    sqlite.exec('BEGIN IMMEDIATE; ROLLBACK')
    return sqlite
  } catch (error) {
    sqlite.close()
    throw error
  }
}

/** SQLite gives its `-wal` and `-shm` files the mode of the database file. */
function makePrivateFile (path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
}

/** @throws Error when the version is older than the gateway trusts with its file */
export function assertSqliteVersion (version: string): void {
  const parts = version.split('.').map(Number)
  const at = OLDEST_SQLITE.findIndex((oldest, index) => parts[index] !== oldest)
  if (at === -1 || parts[at]! > OLDEST_SQLITE[at]!) return
  throw new Error(`SQLite ${version} is too old; ${OLDEST_SQLITE.join('.')} or newer is needed, so update the better-sqlite3 package`)
}

async function closeDatabase (db: Kysely<Database>, sqlite: Sqlite.Database): Promise<void> {
  try {
    sqlite.pragma('wal_checkpoint(TRUNCATE)')
  } finally {
    await db.destroy()
  }
}

export default fp<DatabaseOptions>(async (app, options) => {
  const { db, close } = await createDatabase(options)
  app.decorate('db', db)
  app.addHook('onClose', close)
}, { name: 'ccproxy-database', fastify: '5.x' })
