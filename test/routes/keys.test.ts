import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { ADMIN_KEY, startGateway, testConfig, UPSTREAM_KEY } from '../helpers/gateway.ts'
import { send } from '../helpers/raw-client.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { startUpstream, wholeStream } from '../helpers/upstream.ts'

const KEY = 'sk-ant-made-up-added-key-12345678'

async function start (t: Test, path = ':memory:') {
  const log: string[] = []
  const app = await buildApp(testConfig({ storage: { db_path: path }, log: { level: 'trace' } }), { logStream: { write: (line) => { log.push(line) } } })
  t.teardown(() => app.close())
  const call = async (method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object) => {
    const answer = await app.inject({ method, url: `/api/keys/${path}`, headers: { 'x-admin-key': ADMIN_KEY }, payload })
    return { status: answer.statusCode, body: answer.json<Record<string, unknown> & { id: string }>(), text: answer.body }
  }
  return { app, call, log }
}

t.test('a key is added, shown without its secret, and takes requests at once', async (t) => {
  const upstream = await startUpstream(t, (res) => res.writeHead(200, { 'content-type': 'text/event-stream' }).end(wholeStream('hi')))
  const gateway = await startGateway(t, upstream.url)
  const add = await gateway.app.inject({ method: 'POST', url: '/api/keys/add', headers: { 'x-admin-key': ADMIN_KEY }, payload: { key: ` ${KEY}\n`, name: 'spare' } })
  t.match(add.json(), { id: /^key_/, name: 'spare', key: '...12345678', source: 'store', weight: 1 })
  for (let i = 0; i < 2; i++) await send(gateway.url, { headers: gateway.headers, body: STREAMING })
  t.same(new Set(upstream.seen.map(({ req }) => req.headers['x-api-key'])), new Set([UPSTREAM_KEY, KEY]))
  await settled(gateway.app)
})

t.test('a key without a name gets one', async (t) => {
  const { call } = await start(t)
  t.match((await call('POST', 'add', { key: KEY })).body, { name: /^added \d{4}-/ })
})

t.test('a key that is there already is refused with where it is', async (t) => {
  const { call } = await start(t)
  t.match(await call('POST', 'add', { key: UPSTREAM_KEY }), { status: 409, body: { error: { code: 'key_exists', message: /CCPROXY_CLAUDE_API_KEYS/ } } })
  await call('POST', 'add', { key: KEY })
  t.match(await call('POST', 'add', { key: KEY }), { status: 409, body: { error: { message: /added before/ } } })
})

for (const [what, payload, message] of [
  ['no key', {}, /^key: is required/],
  ['an empty key', { key: ' ' }, /^key: /],
  ['a key with a space', { key: 'sk-ant made-up' }, /^key: .*no spaces/],
  ['a key that is not ASCII', { key: 'sk-ant-größe' }, /^key: /],
  ['a key that is no text', { key: 7 }, /^key: must be string/],
  ['an empty name', { key: KEY, name: '' }, /^name: /],
  ['a name with a line break', { key: KEY, name: 'a\nb' }, /^name: /],
  ['a label with a line break', { key: KEY, org: 'a\nb' }, /^org: /],
  ['a workspace that is too long', { key: KEY, workspace: 'x'.repeat(101) }, /^workspace: /],
  ['a weight of zero', { key: KEY, weight: 0 }, /^weight: .*above 0/],
  ['a field that nobody knows', { key: KEY, colour: 'red' }, /^colour: /]
] as const) {
  t.test(`${what} is refused, and nothing is added`, async (t) => {
    const { call, log } = await start(t)
    const answer = await call('POST', 'add', payload)
    t.match(answer, { status: 400, body: { error: { code: 'invalid_field', message } } })
    t.match((await call('GET', 'stats')).body, { total_keys: 1 })
    if ('key' in payload && String(payload.key).trim().length > 1) t.notOk(log.join('').includes(String(payload.key).trim()), 'nor is it logged')
  })
}

t.test('an added key is deleted; one of the configuration is not', async (t) => {
  const { call } = await start(t)
  const { id } = (await call('POST', 'add', { key: KEY })).body
  t.match(await call('DELETE', id), { status: 200, body: { message: 'key deleted successfully' } })
  t.match(await call('DELETE', id), { status: 404, body: { error: { code: 'key_not_found' } } })
  const [configured] = (await call('GET', 'stats')).body['keys'] as Array<{ id: string, source: string }>
  t.equal(configured?.source, 'env')
  t.match(await call('DELETE', configured!.id), { status: 409, body: { error: { code: 'key_not_deletable', message: /disable/ } } })
})

t.test('a key is disabled and enabled, twice if need be', async (t) => {
  const { app, call } = await start(t)
  const { id } = app.keyPool.stats().keys[0]!
  for (let i = 0; i < 2; i++) t.match(await call('POST', `${id}/disable`), { status: 200, body: { message: 'key disabled successfully' } })
  t.match((await call('GET', 'stats')).body, { healthy_keys: 0, keys: [{ state: 'disabled', reason: /admin/ }] })
  t.equal((await app.inject('/ready')).statusCode, 503)
  for (let i = 0; i < 2; i++) t.match(await call('POST', `${id}/enable`), { status: 200, body: { message: 'key enabled successfully' } })
  t.match((await call('GET', 'stats')).body, { healthy_keys: 1 })
})

for (const action of ['disable', 'enable', 'reset']) {
  t.test(`${action} of a key that nobody has is 404`, async (t) => {
    t.match(await (await start(t)).call('POST', `key_unknown/${action}`), { status: 404, body: { error: { code: 'key_not_found', message: /stats/ } } })
  })
}

t.test('the routes are the admin\'s', async (t) => {
  const { app } = await start(t)
  for (const [method, url] of [['POST', '/api/keys/add'], ['DELETE', '/api/keys/x'], ['POST', '/api/keys/x/disable'], ['POST', '/api/keys/x/enable']] as const) {
    t.equal((await app.inject({ method, url, payload: method === 'POST' ? { key: KEY } : undefined })).statusCode, 401, url)
  }
})

t.test('an answer that runs on a deleted key finishes', async (t) => {
  let finish = () => {}
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    const [first, ...rest] = wholeStream('hi').split(/(?<=\n\n)/)
    res.write(first)
    finish = () => res.end(rest.join(''))
  })
  const gateway = await startGateway(t, upstream.url, { claude: { api_keys: [] } })
  const id = await gateway.app.keyStore.add({ key: KEY, name: 'spare' })
  const answer = await fetch(`${gateway.url}/v1/messages`, { method: 'POST', headers: gateway.headers, body: STREAMING })
  await gateway.app.keyStore.remove(id)
  finish()
  t.match(await answer.text(), /message_stop/)
  await settled(gateway.app)
})

t.test('no key is in the log, in an answer or in the database file', async (t) => {
  const folder = t.testdir({})
  const path = join(folder, 'ccproxy.db')
  const { app, call, log } = await start(t, path)
  const texts: string[] = []
  const note = async (...args: Parameters<typeof call>) => {
    const { text, body } = await call(...args)
    texts.push(text)
    return body
  }
  const { id } = await note('POST', 'add', { key: KEY })
  for (const path of ['stats']) await note('GET', path)
  await note('POST', 'add', { key: KEY })
  await note('POST', 'add', { key: KEY, weight: -1 })
  await note('POST', 'add', { key: `${KEY} ${KEY}` })
  await note('POST', `${id}/disable`)
  await note('POST', `${id}/reset`)
  await app.close()
  const bytes = readFileSync(path)
  t.ok(bytes.includes('api_keys'), 'the file holds something')
  t.notOk(bytes.includes(KEY))
  t.notOk(texts.join('').includes(KEY))
  t.notOk(log.join('').includes(KEY))
})
