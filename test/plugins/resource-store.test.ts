import t, { type Test } from 'tap'
import { createDatabase } from '../../src/plugins/database/index.ts'
import { createResourceStore } from '../../src/plugins/resource-store.ts'

async function start (t: Test, workspaces = ['red', 'blue', 'green']) {
  const { db, close } = await createDatabase({ path: ':memory:' })
  t.teardown(close)
  for (const id of ['mine', 'other']) {
    await db.insertInto('tokens').values({ id, name: id, mode: 'api', created_at: 0, expires_at: 0, revoked_at: null, last_used_at: null }).execute()
  }
  const clock = { now: 1 }
  const keys = new Map([['key_red', 'red']])
  const pool = { workspaces: () => workspaces.map((id) => ({ id, weight: 1 })), workspaceOf: (id: string) => keys.get(id) }
  const store = () => createResourceStore({ db, pool, clock: () => clock.now++ })
  return { db, store, workspaces, keys }
}

const row = (id: string, workspace = 'red', token = 'mine') => ({ id, kind: 'file' as const, workspace, key_id: 'key_red', token_id: token })

t.test('what is recorded is found, also after a restart', async (t) => {
  const { store } = await start(t)
  const first = await store()
  await first.add(row('file_a'))
  t.equal(first.size, 1)
  const second = await store()
  t.equal(second.size, 1)
  t.match(await second.find(['file_a', 'file_b']), [{ id: 'file_a', token_id: 'mine', workspace: 'red' }])
})

t.test('whoever made it first has it', async (t) => {
  const store = await (await start(t)).store()
  await store.add(row('file_a'))
  await store.add(row('file_a', 'blue', 'other'))
  t.match(await store.find(['file_a']), [{ token_id: 'mine' }])
  t.equal(store.size, 1)
})

t.test('what is removed is gone, once', async (t) => {
  const store = await (await start(t)).store()
  await store.add(row('file_a'))
  await store.remove('file_a')
  await store.remove('file_a')
  t.same([store.size, await store.find(['file_a'])], [0, []])
})

t.test('many ids are looked up at once', async (t) => {
  const store = await (await start(t)).store()
  await store.add(row('file_2500'))
  t.equal((await store.find(Array.from({ length: 3_000 }, (_, i) => `file_${i}`))).length, 1)
  t.same(await store.find([]), [])
})

t.test('a token without anything has a home that every process finds', async (t) => {
  const { store } = await start(t)
  const homes = await Promise.all([store(), store()].map(async (one) => (await one).homeOf('mine')))
  t.ok(homes[0])
  t.equal(homes[0], homes[1])
})

t.test('the home is where the newest is, as long as the pool has that workspace', async (t) => {
  const { store, workspaces } = await start(t)
  const it = await store()
  await it.add(row('file_a', 'red'))
  await it.add(row('file_b', 'blue'))
  t.equal(await it.homeOf('mine'), 'blue')
  workspaces.splice(workspaces.indexOf('blue'), 1)
  await it.add({ ...row('file_c', 'blue'), key_id: 'key_gone' })
  t.ok(workspaces.includes((await it.homeOf('mine'))!))
})

t.test('a workspace that is called otherwise today is found by the key', async (t) => {
  const { store, workspaces, keys } = await start(t)
  const it = await store()
  workspaces.splice(0, 3, 'crimson')
  keys.set('key_red', 'crimson')
  t.equal(it.workspaceOf(row('file_a')), 'crimson')
  t.equal(it.workspaceOf({ workspace: 'red', key_id: 'key_gone' }), 'red', 'or told as it was')
})

t.test('without any workspace there is no home', async (t) => {
  t.equal(await (await (await start(t, [])).store()).homeOf('mine'), undefined)
})
