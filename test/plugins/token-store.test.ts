import { join } from 'node:path'
import { sql, type Kysely } from 'kysely'
import t, { type Test } from 'tap'
import { createDatabase } from '../../src/plugins/database/index.ts'
import type { Database } from '../../src/plugins/database/schema.ts'
import { createTokenStore, isValid } from '../../src/plugins/token-store.ts'

const START = 1_800_000_000_000
const LATER = START + 1_000_000

/** A store with a clock that the test sets, on a file that can be opened again. */
async function openStore (t: Test, path = join(t.testdir(), 'ccproxy.db')) {
  const { db, close } = await createDatabase({ path })
  t.teardown(close)
  const clock = { now: START }
  const revoked: string[] = []
  const logged: object[] = []
  const store = await createTokenStore({
    db,
    log: { error: (entry: object) => { logged.push(entry) } } as never,
    onRevoked: (id) => { revoked.push(id) },
    clock: () => clock.now
  })
  return { store, db, clock, revoked, logged, path }
}

/** Makes every change of a token fail, as a full disk would, until the returned function is called. */
async function breakWrites (db: Kysely<Database>): Promise<() => Promise<unknown>> {
  await sql`create trigger broken before update on tokens begin select raise(abort, 'disk full'); end`.execute(db)
  return async () => sql`drop trigger broken`.execute(db)
}

async function lastUsedOnDisk (db: Kysely<Database>, id: string): Promise<number | null> {
  return (await db.selectFrom('tokens').select('last_used_at').where('id', '=', id).executeTakeFirstOrThrow()).last_used_at
}

t.test('a new token has an id of its own and has not been used', async (t) => {
  const { store } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'api', expiresAt: LATER })
  t.match(row, { id: /^[0-9a-f]{8}-[0-9a-f]{4}-4/, name: 'laptop', mode: 'api', created_at: START, expires_at: LATER, revoked_at: null, last_used_at: null })
})

t.test('a token lives to the end of its last second', async (t) => {
  const { store } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'api', expiresAt: START + 1 })
  t.equal(row.expires_at, START + 1_000)
})

t.test('a new token is found by its id', async (t) => {
  const { store } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'api', expiresAt: LATER })
  t.equal(store.get(row.id), row)
})

t.test('an id that was never issued is not found', async (t) => {
  const { store } = await openStore(t)
  t.equal(store.get('__proto__'), undefined)
})

t.test('a token that could not be written does not exist', async (t) => {
  const { store, db } = await openStore(t)
  await sql`create trigger broken before insert on tokens begin select raise(abort, 'disk full'); end`.execute(db)
  await t.rejects(store.create({ name: 'laptop', mode: 'api', expiresAt: LATER }), /disk full/)
  t.strictSame(store.list(), [])
})

t.test('lists the newest first', async (t) => {
  const { store, clock } = await openStore(t)
  for (const name of ['first', 'second', 'third']) {
    clock.now++
    await store.create({ name, mode: 'both', expiresAt: LATER })
  }
  t.strictSame(store.list().map((row) => row.name), ['third', 'second', 'first'])
})

t.test('tokens of one moment are listed by id, an order that no restart changes', async (t) => {
  const { store } = await openStore(t)
  for (let i = 0; i < 20; i++) await store.create({ name: `token ${i}`, mode: 'both', expiresAt: LATER })
  const ids = store.list().map((row) => row.id)
  t.strictSame(ids, ids.toSorted())
})

t.test('tokens survive a restart', async (t) => {
  const { store, path } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'web', expiresAt: LATER })
  const again = await openStore(t, path)
  t.strictSame(again.store.get(row.id), row)
})

t.test('a revoked token is seen as revoked by who holds its row', async (t) => {
  const { store } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  t.equal(await store.revoke(row.id), true)
  t.equal(row.revoked_at, START)
})

t.test('a revoked token is still revoked after a restart', async (t) => {
  const { store, path } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  await store.revoke(row.id)
  const again = await openStore(t, path)
  t.equal(again.store.get(row.id)!.revoked_at, START)
})

t.test('revoking tells who runs the token\'s requests', async (t) => {
  const { store, revoked } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  await store.revoke(row.id)
  t.strictSame(revoked, [row.id])
})

t.test('revoking again keeps the first time, on disk too', async (t) => {
  const { store, clock, path } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  await store.revoke(row.id)
  clock.now += 5_000
  t.equal(await store.revoke(row.id), true)
  t.equal(row.revoked_at, START)
  t.equal((await openStore(t, path)).store.get(row.id)!.revoked_at, START)
})

t.test('two revocations at once agree on the time with the disk', async (t) => {
  const { store, clock, path } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  const first = store.revoke(row.id)
  clock.now += 5_000
  await Promise.all([first, store.revoke(row.id)])
  t.equal((await openStore(t, path)).store.get(row.id)!.revoked_at, row.revoked_at)
})

t.test('an unknown id cannot be revoked', async (t) => {
  const { store, revoked } = await openStore(t)
  t.equal(await store.revoke('no-such-token'), false)
  t.strictSame(revoked, [])
})

t.test('a revocation that could not be written is told, and revokes nothing', async (t) => {
  const { store, db, revoked } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  await breakWrites(db)
  await t.rejects(store.revoke(row.id), /disk full/)
  t.equal(row.revoked_at, null)
  t.strictSame(revoked, [])
})

t.test('a token\'s use is known at once', async (t) => {
  const { store } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  store.touch(row.id)
  t.equal(row.last_used_at, START)
})

t.test('a token\'s use does not reach the disk before the flush', async (t) => {
  const { store, db } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  store.touch(row.id)
  t.equal(await lastUsedOnDisk(db, row.id), null)
})

t.test('the flush writes the last of many uses', async (t) => {
  const { store, db, clock } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  for (let i = 0; i < 100; i++) {
    clock.now++
    store.touch(row.id)
  }
  await store.flush()
  t.equal(await lastUsedOnDisk(db, row.id), START + 100)
})

t.test('the flush writes each token once, and only those used', async (t) => {
  const { store, db } = await openStore(t)
  const used = await store.create({ name: 'used', mode: 'both', expiresAt: LATER })
  await store.create({ name: 'idle', mode: 'both', expiresAt: LATER })
  await sql`create table writes (id text)`.execute(db)
  await sql`create trigger spy after update on tokens begin insert into writes values (new.id); end`.execute(db)
  store.touch(used.id)
  store.touch(used.id)
  await store.flush()
  await store.flush()
  t.strictSame((await sql`select id from writes`.execute(db)).rows, [{ id: used.id }])
})

t.test('using an unknown token does nothing', async (t) => {
  const { store } = await openStore(t)
  t.doesNotThrow(() => store.touch('no-such-token'))
})

t.test('a flush that fails is logged and does not throw', async (t) => {
  const { store, db, logged } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  await breakWrites(db)
  store.touch(row.id)
  await t.resolves(store.flush())
  t.match(logged, [{ err: { message: /disk full/ } }])
})

t.test('what a failed flush could not write, the next one writes', async (t) => {
  const { store, db } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  const mend = await breakWrites(db)
  store.touch(row.id)
  await store.flush()
  await mend()
  await store.flush()
  t.equal(await lastUsedOnDisk(db, row.id), START)
})

t.test('a token is valid until the moment it expires', async (t) => {
  const { store } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  t.equal(isValid(row, LATER - 1), true)
  t.equal(isValid(row, LATER), false)
})

t.test('a revoked token is not valid', async (t) => {
  const { store } = await openStore(t)
  const row = await store.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  await store.revoke(row.id)
  t.equal(isValid(row, START), false)
})
