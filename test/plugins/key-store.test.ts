import t, { type Test } from 'tap'
import { createDatabase } from '../../src/plugins/database/index.ts'
import { createKeyPool } from '../../src/plugins/key-pool.ts'
import { createKeyStore } from '../../src/plugins/key-store.ts'
import { keyIdOf } from '../../src/plugins/pool-key.ts'
import { boxSecrets, createSecretBox } from '../../src/plugins/secret-box.ts'

const KEY = 'sk-ant-made-up-stored-key'
const ID = keyIdOf(KEY)

async function database (t: Test) {
  const { db, close } = await createDatabase({ path: ':memory:' })
  t.teardown(close)
  return db
}

/** A start of the gateway with this database. */
async function start (db: Awaited<ReturnType<typeof database>>, { configured = ['sk-ant-made-up-configured'], secret = 'made-up' } = {}) {
  const pool = createKeyPool({ keys: configured.map((key) => ({ key })), source: 'file', strategy: 'round_robin' })
  const lines: unknown[] = []
  const log = { error: (...line: unknown[]) => { lines.push(line) }, warn: (...line: unknown[]) => { lines.push(line) } }
  const store = await createKeyStore({ db, pool, log, box: createSecretBox(boxSecrets({ jwtSecret: secret, encryptionKey: undefined }).current) })
  return { pool, store, lines }
}

t.test('a key that is added is in use, and again after a restart, with its labels', async (t) => {
  const db = await database(t)
  const { store, pool } = await start(db)
  t.equal(await store.add({ key: KEY, name: 'spare', org: 'acme', workspace: 'build', weight: 2.5 }), ID)
  const row = { id: ID, name: 'spare', source: 'store', organisation: 'acme', workspace: 'build', weight: 2.5 }
  t.match(pool.stats().keys[1], row)
  t.match((await start(db)).pool.stats().keys[1], row)
})

t.test('the key is nowhere in its row', async (t) => {
  const db = await database(t)
  await (await start(db)).store.add({ key: KEY, name: 'spare' })
  t.notMatch(JSON.stringify(await db.selectFrom('api_keys').selectAll().execute()), /made-up-stored/)
})

t.test('a key that is deleted stays away after a restart, and its mark goes with it', async (t) => {
  const db = await database(t)
  const { store, pool } = await start(db)
  await store.add({ key: KEY, name: 'spare' })
  await store.setDisabled(ID, true)
  t.equal(await store.remove(ID), true)
  t.equal(await store.remove(ID), false)
  t.equal(pool.sourceOf(ID), undefined)
  t.equal((await start(db)).pool.stats().total_keys, 1)
  await store.add({ key: KEY, name: 'again' })
  t.equal(pool.stats().healthy_keys, 2)
})

for (const source of ['added', 'configured']) {
  t.test(`a key that was ${source} and disabled stays so over a restart, until it is enabled`, async (t) => {
    const db = await database(t)
    const { store } = await start(db)
    if (source === 'added') await store.add({ key: KEY, name: 'spare' })
    const id = source === 'added' ? ID : keyIdOf('sk-ant-made-up-configured')
    t.equal(await store.setDisabled(id, true), true)
    t.equal(await store.setDisabled(id, true), true, 'twice does no harm')
    const next = await start(db)
    t.match(next.pool.stats().keys.find((key) => key.id === id), { state: 'disabled' })
    await next.store.setDisabled(id, false)
    t.match((await start(db)).pool.stats().keys.find((key) => key.id === id), { state: 'ready' })
  })
}

t.test('a key that nobody has cannot be disabled', async (t) => {
  const { store } = await start(await database(t))
  t.equal(await store.setDisabled('key_unknown', true), false)
})

t.test('with another encryption key the start goes on, and says which key cannot be read and what to do', async (t) => {
  const db = await database(t)
  await (await start(db)).store.add({ key: KEY, name: 'spare' })
  const { store, pool, lines } = await start(db, { secret: 'another' })
  t.equal(pool.stats().total_keys, 1)
  t.same(store.unreadable, [{ id: ID, name: 'spare', reason: 'it was encrypted with another key' }])
  t.match(lines, [[{ keyId: ID }, /CCPROXY_STORAGE_ENCRYPTION_KEY/]])
  t.equal(await store.add({ key: KEY, name: 'spare again' }), ID, 'it can be added again')
  t.same(store.unreadable, [])
  t.match(pool.stats().keys[1], { name: 'spare again' })
})

t.test('what cannot be read can be deleted', async (t) => {
  const db = await database(t)
  await (await start(db)).store.add({ key: KEY, name: 'spare' })
  const { store } = await start(db, { secret: 'another' })
  t.equal(await store.remove(ID), true)
  t.same(store.unreadable, [])
})

t.test('a sealed key that was moved to another row is not read', async (t) => {
  const db = await database(t)
  const { store } = await start(db)
  await store.add({ key: KEY, name: 'spare' })
  await store.add({ key: 'sk-ant-made-up-other', name: 'other' })
  const { secret } = await db.selectFrom('api_keys').select('secret').where('id', '=', ID).executeTakeFirstOrThrow()
  await db.updateTable('api_keys').set({ secret }).where('id', '!=', ID).execute()
  t.match((await start(db)).store.unreadable, [{ name: 'other', reason: /moved/ }])
})

t.test('a stored key that the configuration has too is the configuration\'s, and stays when that drops it', async (t) => {
  const db = await database(t)
  await (await start(db)).store.add({ key: KEY, name: 'spare' })
  const { pool, store, lines } = await start(db, { configured: [KEY] })
  t.equal(pool.sourceOf(ID), 'file')
  t.match(lines, [[{ keyId: ID }, /configuration/]])
  store.configure([], 'file')
  t.equal(pool.sourceOf(ID), 'store')
})

t.test('a disabled key that leaves the file and comes back is still disabled', async (t) => {
  const { store, pool } = await start(await database(t))
  const key = 'sk-ant-made-up-configured'
  await store.setDisabled(keyIdOf(key), true)
  t.same(store.configure([], 'file'), { added: 0, removed: 1 })
  t.same(store.configure([{ key }], 'file'), { added: 1, removed: 0 })
  t.match(pool.stats().keys, [{ state: 'disabled' }])
})
