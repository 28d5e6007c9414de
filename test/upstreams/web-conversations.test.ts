import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createDatabase } from '../../src/plugins/database/index.ts'
import type { WebConversationRow } from '../../src/plugins/database/schema.ts'
import { createWebConversations, type WebConversationsDeps } from '../../src/upstreams/web-conversations.ts'
import type { WebAnswered, WebPlace } from '../../src/upstreams/web-client.ts'
import { until } from '../helpers/until.ts'
import { cookieOf, sessionRow } from '../helpers/web.ts'

const START = Date.parse('2026-11-22T12:00:00Z')
const TTL = 60_000
const PLACE: WebPlace = { cookie: cookieOf('place'), organizationId: '00000000-0000-4000-8000-0000000000aa' }

const answer = (status: number, body = '', headers: Record<string, string> = {}): WebAnswered => ({ status, headers, bytes: Buffer.from(body) })
const NO_CONTENT = answer(204)

async function database (t: Test) {
  const { db, close } = await createDatabase({ path: ':memory:' })
  t.teardown(close)
  for (const id of ['s', 'other']) await db.insertInto('sessions').values(sessionRow(id)).execute()
  return db
}

type Db = Awaited<ReturnType<typeof database>>

/** Conversations over this database. What is to be deleted is listed in `asked`, and answered by `answers`, else well. */
function start (t: Test, db: Db, { ttl = TTL, ...deps }: Partial<WebConversationsDeps> = {}) {
  const clock = { now: START }
  const asked: Array<{ row: WebConversationRow, place: WebPlace | null }> = []
  const answers: Array<WebAnswered | Error | Promise<WebAnswered> | undefined> = []
  const lines: unknown[] = []
  const conversations = createWebConversations({
    db,
    log: { warn: (...line: unknown[]) => { lines.push(line) } },
    ttl,
    clock: () => clock.now,
    remove: async (row, place) => {
      asked.push({ row, place })
      if (answers.length === 0) return NO_CONTENT
      const next = answers.shift()
      if (next instanceof Error) throw next
      return next
    },
    ...deps
  })
  t.teardown(() => conversations.close(0))
  const open = (session = 's') => conversations.open(session, PLACE)
  /** One that is held, with these states. */
  const hold = async (...states: string[]) => {
    const conversation = await open()
    for (const state of states) conversations.keep(conversation, state, `answer of ${state}`)
    return conversation
  }
  const rows = () => db.selectFrom('web_conversations').selectAll().execute()
  const deleted = (count: number) => until(async () => conversations.leftovers === 0 && (await rows()).length === count, 'the deletions')
  return { conversations, clock, asked, answers, lines, open, hold, rows, deleted }
}

t.test('a conversation is written down before it is made, and crossed out after it is gone', async (t) => {
  const { conversations, open, rows, asked, deleted } = start(t, await database(t))
  const conversation = await open()
  t.match(await rows(), [{ id: conversation.id, session_id: 's', organization_id: PLACE.organizationId, created_at: START }])
  t.match(conversation.id, /^[\da-f]{8}-[\da-f]{4}-4/)
  conversations.drop(conversation)
  t.equal((await rows()).length, 1, 'not before')
  await deleted(0)
  t.match(asked, [{ row: { id: conversation.id }, place: PLACE }])
})

t.test('one that cannot be written down is not made', async (t) => {
  await t.rejects(start(t, await database(t)).open('nobody'), /FOREIGN KEY/)
})

t.test('a state is gone on with where it is held, by one at a time', async (t) => {
  const { conversations, hold } = start(t, await database(t))
  const conversation = await hold('one')
  t.equal(conversations.claim('another'), null)
  t.match(conversations.claim('one'), { conversation: { id: conversation.id }, parent: 'answer of one' })
  t.equal(conversations.claim('one'), null, 'it is busy')
  conversations.release(conversation)
  t.not(conversations.claim('one'), null)
})

t.test('what is claimed and dropped is claimed no more', async (t) => {
  const { conversations, hold, deleted } = start(t, await database(t))
  await hold('one', 'two')
  conversations.drop(conversations.claim('two')!.conversation)
  t.same([conversations.claim('one'), conversations.claim('two'), conversations.held], [null, null, 0])
  await deleted(0)
})

t.test('an earlier answer is a place to go on from too', async (t) => {
  const { conversations, hold } = start(t, await database(t))
  const conversation = await hold('one', 'two')
  t.match(conversations.claim('one'), { conversation: { id: conversation.id }, parent: 'answer of one' })
})

t.test('a state that two conversations end in is gone on with in the newer, and stays when the older goes', async (t) => {
  const { conversations, hold, deleted } = start(t, await database(t))
  const older = await hold('same')
  const newer = await hold('same')
  t.equal(conversations.claim('same')?.conversation.id, newer.id)
  conversations.release(newer)
  conversations.drop(older)
  t.equal(conversations.claim('same')?.conversation.id, newer.id)
  await deleted(1)
})

t.test('of very many states the oldest are forgotten', async (t) => {
  const { conversations, hold } = start(t, await database(t))
  const conversation = await hold(...Array.from({ length: 70 }, (_, n) => `state ${n}`))
  t.equal(conversation.states.size, 64)
  t.equal(conversations.claim('state 5'), null)
  t.equal(conversations.claim('state 6')?.parent, 'answer of state 6')
})

t.test('no more than a thousand are held: the one used least recently goes, but none that is in use', async (t) => {
  const { conversations, open, hold, deleted } = start(t, await database(t))
  for (let n = 0; n < 1_000; n++) conversations.keep(await open(), `state ${n}`, 'x')
  const busy = conversations.claim('state 0')!
  for (let n = 0; n < 3; n++) await hold(`further ${n}`)
  t.equal(conversations.held, 1_000)
  t.same([1, 2, 3].map((n) => conversations.claim(`state ${n}`)), [null, null, null])
  t.not(conversations.claim('state 4'), null)
  conversations.release(busy.conversation)
  t.not(conversations.claim('state 0'), null)
  await deleted(1_000)
})

t.test('what waits too long for its next turn is deleted, but nothing that is in use', async (t) => {
  const { conversations, hold, clock, deleted } = start(t, await database(t))
  await hold('idle')
  await hold('busy')
  conversations.claim('busy')
  clock.now += TTL
  conversations.sweep()
  t.equal(conversations.held, 2, 'not yet')
  clock.now += 1
  await hold('fresh')
  conversations.sweep()
  t.equal(conversations.held, 2)
  t.equal(conversations.claim('idle'), null)
  await deleted(2)
})

t.test('without a time to live nothing is held', async (t) => {
  const { conversations, hold, deleted } = start(t, await database(t), { ttl: 0 })
  await hold('one')
  t.equal(conversations.claim('one'), null)
  await deleted(0)
})

t.test('everything of one session can be dropped at once, but what is in use', async (t) => {
  const { conversations, open, hold, deleted } = start(t, await database(t))
  await hold('one')
  await hold('busy')
  conversations.claim('busy')
  conversations.keep(await open('other'), 'of another', 'x')
  conversations.dropAllOf('s')
  t.equal(conversations.held, 2)
  t.equal(conversations.claim('one'), null)
  t.not(conversations.claim('of another'), null)
  await deleted(2)
})

for (const [what, reply] of [
  ['404', answer(404)],
  ['that it is not there', answer(404, JSON.stringify({ error: { type: 'not_found_error', message: 'Conversation not found' } }))],
  ['400 in the same words', answer(400, JSON.stringify({ error: { type: 'invalid_request_error', message: 'conversation does not exist' } }))],
  ['a body in place of none', answer(200, '{}', { 'content-type': 'application/json' })],
  ['nothing, for nobody has its cookie', undefined]
] as const) {
  t.test(`${what}: it is gone`, async (t) => {
    const { conversations, open, answers, asked, deleted } = start(t, await database(t))
    answers.push(reply)
    conversations.drop(await open())
    await deleted(0)
    t.equal(asked.length, 1)
  })
}

for (const [what, reply] of [
  ['a fault of the connection', new Error('made up')],
  ['500', answer(500)],
  ['403', answer(403)],
  ['a page in place of an answer', answer(200, '<!doctype html>', { 'content-type': 'text/html' })],
  ['a page that says 404', answer(404, '<!doctype html>', { 'content-type': 'text/html' })],
  ['a redirect', answer(302)],
  ['a rate limit', answer(429)]
] as const) {
  t.test(`${what}: it is tried again after a while, and stays written down meanwhile`, async (t) => {
    const { conversations, open, rows, answers, asked, clock, deleted } = start(t, await database(t))
    answers.push(reply)
    conversations.drop(await open())
    await conversations.settled(10_000)
    t.equal(conversations.leftovers, 1)
    t.equal((await rows()).length, 1)
    conversations.drop(await open())
    await until(() => conversations.leftovers === 1, 'the other one to go')
    t.equal(asked.length, 2, 'not at once')
    clock.now += 1_000
    conversations.drop(await open())
    await deleted(0)
    t.equal(asked.length, 4)
  })
}

t.test('the waits between the tries double, up to five minutes, and the third failure is logged', async (t) => {
  let stubborn = ''
  let tries = 0
  const { conversations, open, clock, lines } = start(t, await database(t), {
    remove: async ({ id }) => {
      if (id !== stubborn) return NO_CONTENT
      tries++
      return answer(500)
    }
  })
  const conversation = await open()
  stubborn = conversation.id
  conversations.drop(conversation)
  const waits: number[] = []
  const hasTried = (times: number) => tries >= times
  for (let n = 1; n <= 11; n++) {
    await conversations.settled(10_000)
    t.equal(tries, n)
    const from = clock.now
    while (!hasTried(n + 1)) {
      clock.now += 500
      // Another one has it look through what is due.
      conversations.drop(await open())
      await conversations.settled(10_000)
    }
    waits.push((clock.now - from) / 1_000)
  }
  t.same(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
  t.match(lines, [[{ sessionId: 's' }, /cannot be deleted/]])
  t.equal(lines.length, 1)
})

t.test('what waits is tried at once when a session has come back', async (t) => {
  const { conversations, open, answers, deleted } = start(t, await database(t))
  answers.push(answer(403), answer(403))
  for (let n = 0; n < 2; n++) conversations.drop(await open())
  await conversations.settled(10_000)
  t.equal(conversations.leftovers, 2)
  conversations.hurry()
  await deleted(0)
})

t.test('a database that fails for a while is no reason to ask again and again', async (t) => {
  const db = await database(t)
  let broken = true
  const failing = new Proxy(db, {
    get: (target, name) => name === 'deleteFrom' && broken
      ? () => ({ where: () => ({ execute: () => Promise.reject(new Error('disk full')) }) })
      : typeof target[name as keyof Db] === 'function' ? (target[name as keyof Db] as Function).bind(target) : target[name as keyof Db]
  })
  const { conversations, open, asked, lines, deleted } = start(t, failing)
  conversations.drop(await open())
  for (let n = 0; n < 50; n++) await turn()
  t.equal(asked.length, 1)
  t.match(lines, [[{ err: { message: 'disk full' } }, /crossed out/]])
  broken = false
  conversations.hurry()
  await deleted(0)
})

t.test('a few are deleted at a time', async (t) => {
  const { conversations, open, answers, asked, deleted } = start(t, await database(t))
  const gates = Array.from({ length: 6 }, () => Promise.withResolvers<WebAnswered>())
  answers.push(...gates.map(({ promise }) => promise))
  for (let n = 0; n < 6; n++) conversations.drop(await open())
  await turn()
  t.equal(asked.length, 4)
  gates[0]!.resolve(NO_CONTENT)
  await until(() => asked.length === 5, 'the next')
  for (const { resolve } of gates) resolve(NO_CONTENT)
  await deleted(0)
})

t.test('a start takes up what an earlier run left, without a cookie of its own', async (t) => {
  const db = await database(t)
  const before = start(t, db)
  const ids = [await before.hold('held'), await before.open()].map(({ id }) => id)
  const { conversations, asked, deleted } = start(t, db)
  await conversations.start()
  await deleted(0)
  t.same(asked.map(({ row }) => row.id).sort(), ids.sort())
  t.same(asked.map(({ place }) => place), [null, null])
})

t.test('very many leftovers are taken up a part at a time, and the rest stays written down', async (t) => {
  const db = await database(t)
  const values = Array.from({ length: 12_000 }, (_, n) => ({ id: `left ${n}`, session_id: 's', organization_id: 'o', created_at: n }))
  for (let n = 0; n < values.length; n += 1_000) await db.insertInto('web_conversations').values(values.slice(n, n + 1_000)).execute()
  const { conversations, open } = start(t, db, { remove: () => new Promise(() => {}) })
  await conversations.start()
  t.equal(conversations.leftovers, 10_000)
  conversations.drop(await open())
  t.equal(conversations.leftovers, 10_000)
})

t.test('closing deletes what is held, and what is not gone by then is left to the next start', async (t) => {
  const db = await database(t)
  const { conversations, hold, rows, answers, open } = start(t, db)
  answers.push(answer(500))
  await hold('one')
  await hold('two')
  await conversations.close(10_000)
  t.equal((await rows()).length, 1)
  conversations.keep(await open(), 'late', 'x')
  t.equal(conversations.claim('late'), null, 'nothing is held any more')
  const next = start(t, db)
  await next.conversations.start()
  await next.deleted(0)
})

t.test('settling waits for what runs, and no longer than it is told', async (t) => {
  const { conversations, open, answers, deleted } = start(t, await database(t))
  await conversations.settled(10_000)
  const gate = Promise.withResolvers<WebAnswered>()
  answers.push(gate.promise)
  conversations.drop(await open())
  const keepAlive = setTimeout(() => {}, 10_000)
  await conversations.settled(1)
  t.equal(conversations.leftovers, 1)
  gate.resolve(NO_CONTENT)
  await deleted(0)
  clearTimeout(keepAlive)
})
