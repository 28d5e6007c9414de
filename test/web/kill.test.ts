import t, { type Test } from 'tap'
import { join } from 'node:path'
import { buildSimulator } from '../../src/simulator/app.ts'
import { STEPS, type Step } from '../../src/simulator/web/holds.ts'
import { Exchange, send } from '../helpers/raw-client.ts'
import { SECRETS, spawnServer } from '../helpers/server-process.ts'
import { messages } from '../helpers/settled.ts'
import { until } from '../helpers/until.ts'
import { cookieOf } from '../helpers/web.ts'

// The gateway's process is killed at each step of a request. The next start must leave nothing of it on claude.ai, and hold nothing against
// the session.

const COOKIE = cookieOf('killed')
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const IMAGE = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }
const WITH_IMAGE = messages({ stream: true, messages: [{ role: 'user', content: [{ type: 'text', text: 'count to 50' }, IMAGE] }] })
const admin = { 'x-admin-key': SECRETS.CCPROXY_ADMIN_KEY, 'content-type': 'application/json' }

async function post (url: string, path: string, headers: Record<string, string>, body: object): Promise<any> {
  const answer = await send(url, { path, headers, body: JSON.stringify(body) })
  return JSON.parse(answer.body.toString())
}

/** A real gateway process in front of a simulated claude.ai, which can be killed and started again on the same database. */
async function world (t: Test) {
  const simulator = buildSimulator()
  t.teardown(() => simulator.close())
  const claude = await simulator.listen({ host: '127.0.0.1', port: 0 })
  const cwd = t.testdir({})
  const env = {
    ...SECRETS, CCPROXY_CLAUDE_WEB_URL: claude, CCPROXY_CLAUDE_API_URL: claude, CCPROXY_STORAGE_DB_PATH: join(cwd, 'ccproxy.db')
  }
  const start = () => spawnServer(t, { cwd, env })
  const server = start()
  const url = await server.url()
  await post(url, '/api/session/add', admin, { name: 'mine', session_key: COOKIE })
  const { token } = await post(url, '/api/token/generate', admin, { name: 'test' })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' }
  return { web: simulator.simulator.web, server, url, headers, start }
}

async function nothingLeft (t: Test, { web, start, headers }: Awaited<ReturnType<typeof world>>): Promise<void> {
  const url = await start().url()
  await until(() => web.conversations.size === 0, 'the next start to delete what was left')
  const { body } = await send(url, { method: 'GET', path: '/api/session/list', headers: admin })
  t.match(JSON.parse(body.toString()), { sessions: [{ status: 'active', status_reason: null, is_active: true }] })
  const answer = await send(url, { headers, body: WITH_IMAGE })
  t.equal(answer.status, 200, 'and the session serves')
}

const HELD: readonly Step[] = STEPS.filter((step) => step !== 'delete')

for (const step of HELD) {
  t.test(`killed at ${step}: the next start leaves nothing behind`, async (t) => {
    const there = await world(t)
    const hold = there.web.hold(step)
    const exchange = new Exchange(there.url, { headers: there.headers, body: WITH_IMAGE })
    await hold.arrived
    t.equal(there.web.conversations.size, 1)
    there.server.child.kill('SIGKILL')
    await there.server.ended
    exchange.leave()
    hold.release()
    await nothingLeft(t, there)
  })
}

t.test('killed while it deletes: the next start goes on', async (t) => {
  const there = await world(t)
  const hold = there.web.hold('delete')
  there.web.fail('completion', 'error-mid')
  await send(there.url, { headers: there.headers, body: WITH_IMAGE })
  await hold.arrived
  t.equal(there.web.conversations.size, 1)
  there.server.child.kill('SIGKILL')
  await there.server.ended
  hold.release()
  await nothingLeft(t, there)
})

t.test('killed while it holds conversations for their next turn: the next start deletes them', async (t) => {
  const there = await world(t)
  for (const text of ['one', 'two', 'three']) {
    await send(there.url, { headers: there.headers, body: messages({ messages: [{ role: 'user', content: text }] }) })
  }
  t.equal(there.web.conversations.size, 3)
  there.server.child.kill('SIGKILL')
  await there.server.ended
  await nothingLeft(t, there)
})

t.test('told to stop, it deletes what it holds before it ends', async (t) => {
  const there = await world(t)
  await send(there.url, { headers: there.headers, body: messages() })
  t.equal(there.web.conversations.size, 1)
  there.server.child.kill('SIGTERM')
  t.match(await there.server.ended, { code: 0 })
  t.equal(there.web.conversations.size, 0)
})
