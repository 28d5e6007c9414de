import t, { type Test } from 'tap'
import { createDatabase } from '../../src/plugins/database/index.ts'
import { sealIdentity } from '../../src/plugins/encryption.ts'
import { boxSecrets, createSecretBox } from '../../src/plugins/secret-box.ts'
import { createSessionStore, type NewSession, type Verdict } from '../../src/plugins/session-store.ts'
import { cookieOf } from '../helpers/web.ts'

const START = Date.parse('2026-11-22T12:00:00Z')
const DAY = 86_400_000
const COOKIE = cookieOf('stored')
const RENEWED = cookieOf('renewed')
const ACTIVE: Verdict = { status: 'active', reason: null, organization: { id: '00000000-0000-4000-8000-0000000000aa', name: 'made up', plan: 'pro' } }
const DEAD: Verdict = { status: 'dead', reason: 'signed out', organization: null }

async function database (t: Test) {
  const { db, close } = await createDatabase({ path: ':memory:' })
  t.teardown(close)
  return db
}

/** A start of the gateway with this database. */
async function start (db: Awaited<ReturnType<typeof database>>, secret = 'made-up') {
  const clock = { now: START }
  const lines: unknown[][] = []
  const box = createSecretBox(boxSecrets({ jwtSecret: secret, encryptionKey: undefined }).current)
  const store = await createSessionStore({ db, box, log: { error: (...line: unknown[]) => { lines.push(line) } }, clock: () => clock.now })
  const add = (changes: Partial<NewSession> = {}) => store.add({ name: 'mine', cookie: COOKIE, expiresAt: null, verdict: ACTIVE, ...changes })
  const stored = () => db.selectFrom('sessions').selectAll().execute()
  return { store, clock, lines, add, stored, box }
}

t.test('a session that is added is there, and there after a restart, as claude.ai told it', async (t) => {
  const db = await database(t)
  const { store, add } = await start(db)
  const { row } = await add({ expiresAt: START + DAY })
  const wanted = {
    cookie: COOKIE,
    previousCookie: null,
    row: { id: row.id, name: 'mine', organization_name: 'made up', plan: 'pro', status: 'active', is_active: 1, created_at: START, expires_at: START + DAY, key_since: START }
  }
  t.match(store.get(row.id), wanted)
  t.equal(store.withCookie(COOKIE)?.row.id, row.id)
  t.equal(store.withCookie(RENEWED), undefined)
  const next = await start(db)
  t.equal(next.store.size, 1)
  t.match(next.store.get(row.id), wanted)
})

t.test('the newest is listed first', async (t) => {
  const { store, add, clock } = await start(await database(t))
  for (const name of ['one', 'two', 'three']) {
    await add({ name, cookie: cookieOf(name) })
    clock.now += 1
  }
  t.same(store.list().map(({ row }) => row.name), ['three', 'two', 'one'])
})

t.test('one that is removed is gone, also after a restart', async (t) => {
  const db = await database(t)
  const { store, add } = await start(db)
  const { row: { id } } = await add()
  t.equal(await store.remove(id), true)
  t.equal(await store.remove(id), false)
  t.same([store.get(id), store.list(), (await start(db)).store.size], [undefined, [], 0])
})

t.test('one out of use stays so over a restart, until it is put back', async (t) => {
  const db = await database(t)
  const { store, add } = await start(db)
  const { row: { id } } = await add()
  for (const [isActive, is] of [[false, 0], [false, 0], [true, 1]] as const) {
    t.equal(await store.setActive(id, isActive), true)
    t.equal((await start(db)).store.get(id)?.row.is_active, is)
  }
  t.equal(await store.setActive('nobody', false), false)
})

t.test('a verdict is written once, however often it comes', async (t) => {
  const db = await database(t)
  const { store, add, stored } = await start(db)
  const session = await add()
  await store.judge(session, DEAD)
  t.match(await stored(), [{ status: 'dead', status_reason: 'signed out', plan: 'pro', organization_name: 'made up' }], 'what was known of the account stays')
  await db.updateTable('sessions').set({ status_reason: 'a mark that a write would take away' }).execute()
  await store.judge(session, DEAD)
  t.match(await stored(), [{ status_reason: /a mark/ }])
  await store.judge(session, { status: 'active', reason: null, organization: null })
  t.match(await stored(), [{ status: 'active', status_reason: null }])
})

t.test('a cookie is nowhere in its row, the one before it neither', async (t) => {
  const { store, add, stored } = await start(await database(t))
  await store.renew(await add(), RENEWED, START + 28 * DAY)
  const [row] = await stored()
  t.type(row!.previous_secret, 'string')
  t.notMatch(JSON.stringify(row), /made-up-cookie/)
  t.notMatch(JSON.stringify(row), new RegExp(Buffer.from('made-up-cookie').toString('base64url').slice(0, 16)))
})

t.test('a renewed cookie is taken over, and the one before is kept, also over a restart', async (t) => {
  const db = await database(t)
  const { store, add, clock } = await start(db)
  const session = await add()
  clock.now += DAY
  await store.renew(session, RENEWED, START + 29 * DAY)
  const wanted = { cookie: RENEWED, previousCookie: COOKIE, row: { cookie_expires_at: START + 29 * DAY, key_since: START + DAY } }
  t.match(session, wanted)
  t.match((await start(db)).store.get(session.row.id), wanted)
})

t.test('the same cookie again is worth a write where it ends at least a day later', async (t) => {
  const { store, add, stored } = await start(await database(t))
  const session = await add()
  await store.renew(session, COOKIE, START + 28 * DAY)
  t.match(session, { cookie: COOKIE, previousCookie: null })
  await store.renew(session, COOKIE, START + 28 * DAY + 60_000)
  t.match(await stored(), [{ cookie_expires_at: START + 28 * DAY, previous_secret: null }])
  await store.renew(session, COOKIE, START + 29 * DAY)
  t.match(await stored(), [{ cookie_expires_at: START + 29 * DAY }])
})

t.test('the same cookie without an end says nothing, and what was known of its end stays', async (t) => {
  const { store, add, stored, clock } = await start(await database(t))
  const session = await add()
  await store.renew(session, COOKIE, START + 2 * DAY)
  clock.now += DAY
  await store.renew(session, COOKIE, null)
  t.match(await stored(), [{ cookie_expires_at: START + 2 * DAY, key_since: START }])
})

t.test('the renewed cookie is given up for the one before, once', async (t) => {
  const db = await database(t)
  const { store, add } = await start(db)
  const session = await add()
  await store.goBack(session)
  t.equal(session.row.key_since, session.row.created_at, 'and is as old as it may be')
  t.match(session, { cookie: COOKIE }, 'there is none before the first')
  await store.renew(session, RENEWED, START + 28 * DAY)
  await store.goBack(session)
  const wanted = { cookie: COOKIE, previousCookie: null, row: { cookie_expires_at: null } }
  t.match(session, wanted)
  t.match((await start(db)).store.get(session.row.id), wanted)
  await store.goBack(session)
  t.match(session, wanted)
})

t.test('two answers that renew the cookie at the same time do it once', async (t) => {
  const db = await database(t)
  const { store, add } = await start(db)
  const session = await add()
  await Promise.all([store.renew(session, RENEWED, null), store.renew(session, RENEWED, null)])
  t.match(session, { cookie: RENEWED, previousCookie: COOKIE })
  t.match((await start(db)).store.get(session.row.id), { cookie: RENEWED, previousCookie: COOKIE })
})

t.test('two refusals of a renewed cookie at the same time go back once, and never to none', async (t) => {
  const db = await database(t)
  const { store, add } = await start(db)
  const session = await add()
  await store.renew(session, RENEWED, null)
  await Promise.all([store.goBack(session), store.goBack(session)])
  t.match(session, { cookie: COOKIE, previousCookie: null })
  t.match((await start(db)).store.get(session.row.id), { cookie: COOKIE, previousCookie: null })
})

t.test('a sealed cookie that was moved to another row is not read, and the start goes on', async (t) => {
  const db = await database(t)
  const { add, store } = await start(db)
  const [one, other] = [await add({ name: 'one' }), await add({ name: 'other', cookie: RENEWED })]
  await db.updateTable('sessions').set({ secret: one.row.secret }).where('id', '=', other.row.id).execute()
  const next = await start(db)
  t.equal(next.store.size, store.size)
  t.match(next.store.get(one.row.id), { cookie: COOKIE })
  t.match(next.store.get(other.row.id), { cookie: null, previousCookie: null })
  t.match(next.lines, [[{ sessionId: other.row.id, reason: /moved/ }, /CCPROXY_STORAGE_ENCRYPTION_KEY.*DELETE \/api\/session/]])
})

t.test('the cookie before the last cannot stand in a row of its own either', async (t) => {
  const db = await database(t)
  const { add, store, box } = await start(db)
  const session = await add()
  await store.renew(session, RENEWED, null)
  await db.updateTable('sessions').set({ previous_secret: box.seal(COOKIE, sealIdentity('sessions', 'another')) }).execute()
  t.match((await start(db)).store.get(session.row.id), { cookie: null })
})

for (const [what, change] of [
  ['an unknown format', (secret: string) => secret.replace(/^v1\./, 'v9.')],
  ['no format at all', () => COOKIE],
  ['a changed tag', (secret: string) => secret.replace(/^(v1\.[^.]*\.[^.]*\.)./, (_, head: string) => `${head}${secret.at(head.length) === 'A' ? 'B' : 'A'}`)],
  ['nothing', () => '']
] as const) {
  t.test(`a secret in ${what} is not read`, async (t) => {
    const db = await database(t)
    const session = await (await start(db)).add()
    await db.updateTable('sessions').set({ secret: change(session.row.secret) }).execute()
    const { store, lines } = await start(db)
    t.match(store.get(session.row.id), { cookie: null })
    t.equal(lines.length, 1)
    t.notMatch(JSON.stringify(lines), /made-up-cookie/)
  })
}

t.test('with another key nothing is read, and nothing lost: the old key reads it again', async (t) => {
  const db = await database(t)
  const session = await (await start(db)).add()
  t.match((await start(db, 'another')).store.list(), [{ cookie: null }])
  t.match((await start(db)).store.get(session.row.id), { cookie: COOKIE })
})

t.test('times of last use are written with the flush, for all that is still there', async (t) => {
  const db = await database(t)
  const { store, add, clock, stored } = await start(db)
  const [one, other] = [await add(), await add({ cookie: RENEWED })]
  clock.now += 5_000
  for (const session of [one, other]) store.touch(session)
  t.same((await stored()).map((row) => row.last_used_at), [null, null])
  await store.remove(other.row.id)
  await store.flush()
  t.match(await stored(), [{ id: one.row.id, last_used_at: START + 5_000 }])
})
