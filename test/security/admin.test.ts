import { connect, type AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { ADMIN_KEY, asAdmin, bearer, buildTokenApp, issue } from '../helpers/token-app.ts'

const GUESS = { 'x-admin-key': 'guess' }

function list (app: FastifyInstance, headers: Record<string, string>, remoteAddress = '192.0.2.1') {
  return asAdmin(app, 'GET', '/token/list', { headers, remoteAddress })
}

const NOT_THE_KEY: Record<string, string> = {
  'a prefix of the key': ADMIN_KEY.slice(0, -1),
  'the key and more': `${ADMIN_KEY}x`,
  'the key in capitals': ADMIN_KEY.toUpperCase(),
  'the key twice, as two headers arrive': `${ADMIN_KEY}, ${ADMIN_KEY}`,
  'an empty key': '',
  'one letter': 'm',
  'a NUL behind the key': `${ADMIN_KEY}\0`,
  'a very long key': 'x'.repeat(12_000)
}

for (const [what, key] of Object.entries(NOT_THE_KEY)) {
  t.test(`refused: ${what}`, async (t) => {
    const app = await buildTokenApp(t)
    const answer = await list(app, { 'x-admin-key': key })
    t.equal(answer.statusCode, 401)
    t.equal(answer.json().error.code, 'invalid_admin_key')
  })
}

for (const name of ['admin_key', 'Admin_Key', 'x-admin-key', 'token', 'api_key']) {
  t.test(`refused: ${name} in the query string, beside the right header`, async (t) => {
    const app = await buildTokenApp(t)
    const answer = await asAdmin(app, 'GET', `/token/list?${name}=${ADMIN_KEY}`)
    t.equal(answer.statusCode, 401)
    t.match(answer.json().error, { code: 'admin_key_in_query', message: /URLs end up in logs/ })
  })
}

t.test('the key in the query string opens nothing and is not repeated', async (t) => {
  const app = await buildTokenApp(t)
  const answer = await asAdmin(app, 'GET', `/token/list?admin_key=${ADMIN_KEY}`, { headers: {} })
  t.equal(answer.statusCode, 401)
  t.notOk(answer.body.includes(ADMIN_KEY))
})

t.test('refused: the key as a bearer token', async (t) => {
  const app = await buildTokenApp(t)
  t.equal((await list(app, bearer(ADMIN_KEY))).statusCode, 401)
})

t.test('refused: the key as x-api-key', async (t) => {
  const app = await buildTokenApp(t)
  t.equal((await list(app, { 'x-api-key': ADMIN_KEY })).statusCode, 401)
})

t.test('the admin key is no client token', async (t) => {
  const app = await buildTokenApp(t)
  t.equal((await app.inject({ url: '/guarded', headers: { ...bearer(ADMIN_KEY), 'x-admin-key': ADMIN_KEY } })).statusCode, 401)
})

for (const [method, url] of [['POST', '/token/generate'], ['POST', '/token/revoke'], ['GET', '/token/list']] as const) {
  t.test(`${method} ${url} wants the key before it looks at the body`, async (t) => {
    const app = await buildTokenApp(t)
    const answer = await asAdmin(app, method, url, { headers: { 'content-type': 'application/json' }, ...method === 'POST' && { payload: '{' } })
    t.equal(answer.statusCode, 401)
  })
}

t.test('a refused request changes nothing', async (t) => {
  const app = await buildTokenApp(t)
  const { row } = await issue(app)
  await asAdmin(app, 'POST', '/token/revoke', { headers: GUESS, payload: { id: row.id } })
  t.equal(row.revoked_at, null)
})

t.test('over the limit even the right key is not looked at', async (t) => {
  const app = await buildTokenApp(t, { adminLimits: { perAddress: 3, overall: 100 } })
  for (let i = 0; i < 3; i++) await list(app, GUESS)
  const right = await list(app, { 'x-admin-key': ADMIN_KEY })
  const wrong = await list(app, GUESS)
  t.equal(right.statusCode, 429)
  t.strictSame(right.json(), wrong.json())
})

t.test('guesses sent all at once are counted one by one', async (t) => {
  const app = await buildTokenApp(t, { adminLimits: { perAddress: 3, overall: 100 } })
  const keys = ['a', 'b', 'c', 'd', ADMIN_KEY]
  const answers = await Promise.all(keys.map((key) => list(app, { 'x-admin-key': key })))
  t.strictSame(answers.map((answer) => answer.statusCode), [401, 401, 401, 429, 429])
})

t.test('guesses pipelined on one connection are counted one by one', async (t) => {
  const app = await buildTokenApp(t, { adminLimits: { perAddress: 3, overall: 100 } })
  t.strictSame(await pipelined(app, ['a', 'b', 'c', 'd', ADMIN_KEY]), [401, 401, 401, 429, 429])
})

t.test('one address that guesses does not lock out another', async (t) => {
  const app = await buildTokenApp(t, { adminLimits: { perAddress: 2, overall: 100 } })
  for (let i = 0; i < 5; i++) await list(app, GUESS, '192.0.2.1')
  t.equal((await list(app, { 'x-admin-key': ADMIN_KEY }, '192.0.2.2')).statusCode, 200)
})

t.test('guesses from many addresses have a limit together', async (t) => {
  const app = await buildTokenApp(t, { adminLimits: { perAddress: 10, overall: 5 } })
  for (let i = 0; i < 5; i++) await list(app, GUESS, `192.0.2.${i}`)
  t.equal((await list(app, GUESS, '198.51.100.1')).statusCode, 429)
})

t.test('by default all addresses together have a hundred guesses a minute', async (t) => {
  const app = await buildTokenApp(t)
  for (let i = 0; i < 100; i++) await list(app, GUESS, `192.0.2.${i}`)
  t.equal((await list(app, GUESS, '198.51.100.1')).statusCode, 429)
})

t.test('a forged x-forwarded-for does not make a guesser someone else', async (t) => {
  const app = await buildTokenApp(t, { adminLimits: { perAddress: 2, overall: 100 } })
  for (let i = 0; i < 2; i++) await list(app, { ...GUESS, 'x-forwarded-for': `198.51.100.${i}` })
  t.equal((await list(app, { ...GUESS, 'x-forwarded-for': '198.51.100.9' })).statusCode, 429)
})

t.test('behind a trusted proxy each client has a limit of its own', async (t) => {
  const app = await buildTokenApp(t, { adminLimits: { perAddress: 1, overall: 100 }, server: { trustProxy: ['192.0.2.0/24'] } })
  await list(app, { ...GUESS, 'x-forwarded-for': '198.51.100.1' })
  t.equal((await list(app, { ...GUESS, 'x-forwarded-for': '198.51.100.2' })).statusCode, 401)
  t.equal((await list(app, { ...GUESS, 'x-forwarded-for': '198.51.100.1' })).statusCode, 429)
})

t.test('neither the key nor a guess at it is logged', async (t) => {
  const lines: string[] = []
  const app = await buildTokenApp(t, { server: { logger: { level: 'trace', stream: { write: (line: string) => { lines.push(line) } } } } })
  await list(app, { 'x-admin-key': 'a-guess-to-look-for' })
  await list(app, { 'x-admin-key': ADMIN_KEY })
  t.match(lines.join(''), /admin key refused/)
  t.notMatch(lines.join(''), ADMIN_KEY)
  t.notMatch(lines.join(''), 'a-guess-to-look-for')
})

/** Sends one request for each key in one write. @returns the status of each answer */
async function pipelined (app: FastifyInstance, keys: string[]): Promise<number[]> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  const requests = keys.map((key, index) => {
    const connection = index === keys.length - 1 ? 'close' : 'keep-alive'
    return `GET /api/token/list HTTP/1.1\r\nhost: gateway\r\nconnection: ${connection}\r\nx-admin-key: ${key}\r\n\r\n`
  })
  socket.write(requests.join(''))
  let answers = ''
  for await (const chunk of socket.setEncoding('latin1')) answers += chunk
  return [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => Number(match[1]))
}
