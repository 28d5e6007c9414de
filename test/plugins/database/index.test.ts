import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { assertSqliteVersion, createDatabase } from '../../../src/plugins/database/index.ts'

async function open (t: Test, path: string) {
  const database = await createDatabase({ path })
  let open = true
  const close = async () => {
    if (open) await database.close()
    open = false
  }
  t.teardown(close)
  return { db: database.db, close }
}

const ROW = { id: 'a', name: 'laptop', mode: 'both', created_at: 1, expires_at: 2_000, revoked_at: null, last_used_at: null } as const

t.test('makes its folder and file, for the owner alone', async (t) => {
  const path = join(t.testdir(), 'deep', 'er', 'ccproxy.db')
  await open(t, path)
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.equal(statSync(join(path, '..')).mode & 0o777, 0o700)
})

t.test('gives the write-ahead log the mode of the file', async (t) => {
  const path = join(t.testdir(), 'ccproxy.db')
  const { db } = await open(t, path)
  await db.insertInto('tokens').values(ROW).execute()
  t.equal(statSync(`${path}-wal`).mode & 0o777, 0o600)
})

for (const [pragma, value] of Object.entries({ journal_mode: 'wal', synchronous: 2, foreign_keys: 1, trusted_schema: 0 })) {
  t.test(`runs with ${pragma} = ${value}`, async (t) => {
    const { db } = await open(t, join(t.testdir(), 'ccproxy.db'))
    const { rows } = await sql<Record<string, unknown>>`pragma ${sql.raw(pragma)}`.execute(db)
    t.equal(rows[0]![pragma], value)
  })
}

t.test('waits for the lock of another process', async (t) => {
  const { db } = await open(t, join(t.testdir(), 'ccproxy.db'))
  const { rows } = await sql<{ timeout: number }>`pragma busy_timeout`.execute(db)
  t.equal(rows[0]!.timeout, 5_000)
})

t.test('keeps what was written', async (t) => {
  const path = join(t.testdir(), 'ccproxy.db')
  const first = await open(t, path)
  await first.db.insertInto('tokens').values(ROW).execute()
  await first.close()
  const second = await open(t, path)
  t.strictSame(await second.db.selectFrom('tokens').selectAll().execute(), [ROW])
})

t.test('leaves everything in the one file when closed', async (t) => {
  const path = join(t.testdir(), 'ccproxy.db')
  const { db, close } = await open(t, path)
  await db.insertInto('tokens').values(ROW).execute()
  await close()
  t.notOk(existsSync(`${path}-wal`))
})

t.test('refuses a mode that is none', async (t) => {
  const { db } = await open(t, ':memory:')
  await t.rejects(db.insertInto('tokens').values({ ...ROW, mode: 'root' as 'api' }).execute(), /CHECK/)
})

t.test('refuses a database that a newer version has migrated', async (t) => {
  const path = join(t.testdir(), 'ccproxy.db')
  const { db, close } = await open(t, path)
  await sql`insert into kysely_migration (name, timestamp) values ('9999_later', '2030-01-01T00:00:00.000Z')`.execute(db)
  await close()
  await t.rejects(createDatabase({ path }), { message: /CCPROXY_STORAGE_DB_PATH.*newer version of ccproxy.*9999_later/ })
})

t.test('names the setting when the path is a folder', async (t) => {
  await t.rejects(createDatabase({ path: t.testdir() }), { message: /CCPROXY_STORAGE_DB_PATH/ })
})

t.test('names the setting when the folder cannot be made', async (t) => {
  const file = join(t.testdir({ file: '' }), 'file')
  await t.rejects(createDatabase({ path: join(file, 'ccproxy.db') }), { message: /CCPROXY_STORAGE_DB_PATH/ })
})

t.test('names the setting when the file is no database', async (t) => {
  const path = join(t.testdir(), 'notes.txt')
  writeFileSync(path, 'this is a shopping list and not a database at all')
  await t.rejects(createDatabase({ path }), { message: /CCPROXY_STORAGE_DB_PATH.*not a database/ })
})

t.test('refuses a SQLite that can corrupt the file', async (t) => {
  t.throws(() => assertSqliteVersion('3.51.2'), /better-sqlite3/)
})

for (const version of ['3.51.3', '3.52.0', '4.0.0', '3.54.1']) {
  t.test(`accepts SQLite ${version}`, async (t) => {
    t.doesNotThrow(() => assertSqliteVersion(version))
  })
}

t.test('a read-only file is noticed at the start', { skip: process.getuid?.() === 0 && 'root may write everything' }, async (t) => {
  const path = join(t.testdir(), 'ccproxy.db')
  const { close } = await open(t, path)
  await close()
  chmodSync(path, 0o400)
  await t.rejects(createDatabase({ path }), { message: /CCPROXY_STORAGE_DB_PATH/ })
})
