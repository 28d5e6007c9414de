import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import t, { type Test } from 'tap'
import { SECRETS, spawnServer } from './helpers/server-process.ts'
import { event, MESSAGE_START, startUpstream } from './helpers/upstream.ts'

t.test('a first start writes .env, says so, and serves', async (t) => {
  const cwd = t.testdir({})
  const server = spawnServer(t, { cwd, env: {} })
  const answer = await fetch(`${await server.url()}/health`)
  t.same(await answer.json(), { status: 'ok' })
  t.match(parseEnv(readFileSync(join(cwd, '.env'), 'utf8')), { CCPROXY_JWT_SECRET: /./, CCPROXY_ADMIN_KEY: /./ })
  t.equal(server.output.stderr, `First start: wrote a random CCPROXY_JWT_SECRET and CCPROXY_ADMIN_KEY to ${join(cwd, '.env')}, readable by its owner only.\n`)
})

t.test('the secrets of the first start open the next one', async (t) => {
  const cwd = t.testdir({ '.env': Object.entries(SECRETS).map(([name, value]) => `${name}=${value}\n`).join('') })
  const server = spawnServer(t, { cwd, env: {} })
  const answer = await fetch(`${await server.url()}/api/token/list`, { headers: { 'x-admin-key': SECRETS.CCPROXY_ADMIN_KEY } })
  t.equal(answer.status, 200)
  t.equal(server.output.stderr, '')
})

t.test('the version is that of package.json', async (t) => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as { version: string }
  const server = spawnServer(t, { cwd: t.testdir({}) })
  t.same(await (await fetch(await server.url())).json(), { name: 'ccproxy', version })
})

t.test('problems of the configuration are listed in plain words', async (t) => {
  const cwd = t.testdir({})
  const server = spawnServer(t, { cwd, env: { NODE_ENV: 'production', CCPROXY_SERVER_PORT: 'eighty' } })
  t.same(await server.ended, { code: 1, signal: null })
  const [title, ...problems] = server.output.stderr.trimEnd().split('\n')
  t.equal(title, 'The configuration has 3 problems:')
  t.match(problems, [/^ {2}- CCPROXY_JWT_SECRET/, /^ {2}- CCPROXY_ADMIN_KEY/, /^ {2}- CCPROXY_SERVER_PORT/])
  t.equal(problems.length, 3, 'and no stack trace')
  t.notOk(existsSync(join(cwd, '.env')), 'nothing is written in production')
})

t.test('warnings of the configuration are shown', async (t) => {
  const server = spawnServer(t, { cwd: t.testdir({}), env: { ...SECRETS, CCPROXY_JWT_SECRET: 'short' } })
  await server.url()
  t.match(server.output.stderr, /^Warning: CCPROXY_JWT_SECRET .* is shorter than 32 bytes/)
})

t.test('a port in use is told in one line', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const server = spawnServer(t, { cwd: t.testdir({}), env: { ...SECRETS, CCPROXY_SERVER_PORT: String(port) } })
  t.same(await server.ended, { code: 1, signal: null })
  t.match(server.output.stderr, new RegExp(`^Cannot listen on 127\\.0\\.0\\.1 port ${port}: the port is in use\\. Set CCPROXY_SERVER_HOST .*\\n$`))
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} ends an idle gateway with 0`, async (t) => {
    const server = spawnServer(t, { cwd: t.testdir({}) })
    // The connection stays open, as those of real clients do.
    await (await fetch(`${await server.url()}/health`)).text()
    server.child.kill(signal)
    t.same(await server.ended, { code: 0, signal: null })
  })
}

t.test('after SIGTERM a running answer finishes, and the gateway ends with 0', async (t) => {
  const { server, upstream, body } = await startStream(t)
  server.child.kill('SIGTERM')
  await server.logged('draining')
  t.equal((await fetch(`${await server.url()}/ready`)).status, 503, 'and the listener stays open')
  upstream.end(event('message_stop'))
  t.ok((await body).endsWith(event('message_stop')))
  t.same(await server.ended, { code: 0, signal: null })
})

t.test('a second signal ends at once with 1', async (t) => {
  const { server, body } = await startStream(t)
  server.child.kill('SIGTERM')
  await server.logged('draining')
  server.child.kill('SIGTERM')
  await t.rejects(body)
  t.same(await server.ended, { code: 1, signal: null })
})

t.test('SIGHUP does not end it', async (t) => {
  const server = spawnServer(t, { cwd: t.testdir({}) })
  const url = await server.url()
  server.child.kill('SIGHUP')
  await server.logged('SIGHUP received')
  t.equal((await fetch(`${url}/health`)).status, 200)
})

t.test('SIGHUP reads the file\'s keys again', async (t) => {
  const file = (...keys: string[]) => `claude:\n  api_keys:\n${keys.map((key) => `    - ${key}\n`).join('')}`
  const cwd = t.testdir({ 'config.yaml': file('sk-ant-made-up-one') })
  const server = spawnServer(t, { cwd })
  const url = await server.url()
  const names = async () => {
    const answer = await fetch(`${url}/api/keys/stats`, { headers: { 'x-admin-key': SECRETS.CCPROXY_ADMIN_KEY } })
    return (await answer.json() as { keys: Array<{ key: string, source: string }> }).keys.map(({ key, source }) => `${source} ${key}`)
  }
  t.same(await names(), ['file ...e-up-one'])
  writeFileSync(join(cwd, 'config.yaml'), file('sk-ant-made-up-two', 'sk-ant-made-up-three'))
  server.child.kill('SIGHUP')
  await server.logged('API keys read again')
  t.same(await names(), ['file ...e-up-two', 'file ...up-three'])
})

const FAULTS = { 'an error that nobody caught': 'throw', 'a rejection that nobody handled': 'Promise.reject(' }
for (const [name, code] of Object.entries(FAULTS)) {
  t.test(`${name} is logged and ends the process with 1, without a drain`, async (t) => {
    const fault = `process.on('message', () => { ${code} new Error('made-up fault')${code.endsWith('(') ? ')' : ''} })`
    const { server } = await startStream(t, fault)
    server.child.send('now')
    const { level, err } = JSON.parse(await server.logged('made-up fault')) as { level: number, err: { message: string, stack: string } }
    t.equal(level, 60)
    t.match(err, { message: 'made-up fault', stack: /./ })
    t.same(await server.ended, { code: 1, signal: null })
  })
}

/** A gateway with one answer that has begun and will not end by itself. */
async function startStream (t: Test, load?: string) {
  const began = Promise.withResolvers<ServerResponse>()
  const { url: upstreamUrl } = await startUpstream(t, (res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write(MESSAGE_START)
    began.resolve(res)
  })
  const env = { ...SECRETS, CCPROXY_CLAUDE_API_KEYS: 'sk-ant-made-up', CCPROXY_CLAUDE_API_URL: upstreamUrl }
  const server = spawnServer(t, { cwd: t.testdir({}), env, load })
  const url = await server.url()
  const made = await fetch(`${url}/api/token/generate`, {
    method: 'POST',
    headers: { 'x-admin-key': SECRETS.CCPROXY_ADMIN_KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'test' })
  })
  const { token } = await made.json() as { token: string }
  const answer = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ model: 'made-up', max_tokens: 1, stream: true, messages: [{ role: 'user', content: 'hi' }] })
  })
  const body = answer.text()
  body.catch(() => {})
  return { server, upstream: await began.promise, body }
}
