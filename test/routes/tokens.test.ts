import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { DURATION_EXAMPLES } from '../../src/duration.ts'
import { asAdmin, ask, bearer, buildTokenApp, HOUR, issue } from '../helpers/token-app.ts'

const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

function generate (app: FastifyInstance, payload: object | string) {
  return asAdmin(app, 'POST', '/token/generate', { payload })
}

t.test('generate answers with the token and what it is', async (t) => {
  const app = await buildTokenApp(t)
  const answer = await generate(app, { name: 'laptop', expires_in: '720h', mode: 'api' })
  t.equal(answer.statusCode, 200)
  t.strictSame(Object.keys(answer.json()), ['token', 'id', 'name', 'mode', 'expires_at'])
  t.match(answer.json(), { token: /^ey[\w-]+\.[\w-]+\.[\w-]+$/, name: 'laptop', mode: 'api', expires_at: UTC })
})

t.test('a generated token opens a route', async (t) => {
  const app = await buildTokenApp(t)
  const { token, id } = (await generate(app, { name: 'laptop' })).json()
  t.strictSame((await ask(app, bearer(token))).json(), { caller: id })
})

t.test('generate gives both modes when none is asked for', async (t) => {
  const app = await buildTokenApp(t)
  t.equal((await generate(app, { name: 'laptop' })).json().mode, 'both')
})

t.test('the answer with a token in it is not to be stored', async (t) => {
  const app = await buildTokenApp(t)
  t.equal((await generate(app, { name: 'laptop' })).headers['cache-control'], 'no-store')
})

t.test('the token is not in the database', async (t) => {
  const app = await buildTokenApp(t)
  const { token } = (await generate(app, { name: 'laptop' })).json()
  const stored = JSON.stringify(await app.db.selectFrom('tokens').selectAll().execute())
  for (const part of token.split('.')) t.notOk(stored.includes(part))
})

for (const [text, hours] of [['90m', 1.5], ['1h30m', 1.5], ['720h', 720], ['30d', 720], ['3650d', 87_600], [undefined, 720]] as const) {
  t.test(`a token for ${text ?? 'no given time'} lives ${hours} hours`, async (t) => {
    const app = await buildTokenApp(t)
    const { id } = (await generate(app, { name: 'laptop', expires_in: text })).json()
    const row = app.tokens.get(id)!
    const life = row.expires_at - row.created_at
    t.ok(life >= hours * HOUR - 1_000 && life <= hours * HOUR + 1_000, `${life} ms`)
  })
}

for (const bad of ['soon', '', '30', '1.5h', '-1h', '30 d', 3_600, null, {}]) {
  t.test(`expires_in ${JSON.stringify(bad)} is refused with an example`, async (t) => {
    const app = await buildTokenApp(t)
    const answer = await generate(app, { name: 'laptop', expires_in: bad })
    t.equal(answer.statusCode, 400)
    t.ok(answer.json().error.message.startsWith('expires_in: '))
    t.ok(answer.json().error.message.includes(DURATION_EXAMPLES))
  })
}

for (const bad of ['0s', '0h0m', '3651d', '87601h', '99999999999d']) {
  t.test(`expires_in "${bad}" is no life for a token`, async (t) => {
    const app = await buildTokenApp(t)
    const answer = await generate(app, { name: 'laptop', expires_in: bad })
    t.equal(answer.statusCode, 400)
    t.match(answer.json().error, { code: 'invalid_field', message: /^expires_in: / })
  })
}

const BAD_NAMES = { empty: '', blank: '   ', long: 'x'.repeat(101), 'a line': 'a\nb', 'a NUL': 'a\0b', 'a number': 7, 'half a pair': 'a\ud800b', 'a separator': 'a\u2028b' }
for (const [what, name] of Object.entries(BAD_NAMES)) {
  t.test(`a name that is or holds ${what} is refused`, async (t) => {
    const app = await buildTokenApp(t)
    const answer = await generate(app, { name })
    t.equal(answer.statusCode, 400)
    t.match(answer.json().error.message, /^name: /)
  })
}

t.test('a name of 100 characters is accepted', async (t) => {
  const app = await buildTokenApp(t)
  t.equal((await generate(app, { name: '💻'.repeat(100) })).statusCode, 200)
})

t.test('a missing name is named', async (t) => {
  const app = await buildTokenApp(t)
  const answer = await generate(app, {})
  t.equal(answer.statusCode, 400)
  t.match(answer.json().error.message, /^name: is required/)
})

t.test('a mode that is none is refused with those there are', async (t) => {
  const app = await buildTokenApp(t)
  const answer = await generate(app, { name: 'laptop', mode: 'admin' })
  t.equal(answer.statusCode, 400)
  t.match(answer.json().error.message, /^mode: .*web, api, both/)
})

t.test('an unknown field is refused by its name', async (t) => {
  const app = await buildTokenApp(t)
  const answer = await generate(app, { name: 'laptop', expiry: '30d' })
  t.equal(answer.statusCode, 400)
  t.match(answer.json().error.message, /expiry/)
})

t.test('a refused request issues no token', async (t) => {
  const app = await buildTokenApp(t)
  await generate(app, { name: 'laptop', expires_in: 'soon' })
  t.strictSame(app.tokens.list(), [])
})

t.test('a body that is no JSON is refused', async (t) => {
  const app = await buildTokenApp(t)
  const answer = await asAdmin(app, 'POST', '/token/generate', {
    payload: '{"name":', headers: { 'x-admin-key': 'made-up-admin-key', 'content-type': 'application/json' }
  })
  t.equal(answer.statusCode, 400)
})

t.test('no body is refused', async (t) => {
  const app = await buildTokenApp(t)
  t.equal((await asAdmin(app, 'POST', '/token/generate')).statusCode, 400)
})

t.test('list shows every token, newest first', async (t) => {
  const clock = { now: Date.now() }
  const app = await buildTokenApp(t, { clock: () => clock.now++ })
  for (const name of ['first', 'second', 'third']) await issue(app, { name })
  const { tokens } = (await asAdmin(app, 'GET', '/token/list')).json()
  t.strictSame(tokens.map((token: { name: string }) => token.name), ['third', 'second', 'first'])
})

t.test('a listed token has the agreed fields, absent times are null', async (t) => {
  const app = await buildTokenApp(t)
  const { row } = await issue(app, { mode: 'web' })
  const [listed] = (await asAdmin(app, 'GET', '/token/list')).json().tokens
  t.strictSame(listed, {
    id: row.id,
    name: 'laptop',
    mode: 'web',
    created_at: new Date(row.created_at).toISOString(),
    expires_at: new Date(row.expires_at).toISOString(),
    revoked_at: null,
    last_used_at: null,
    is_valid: true
  })
})

t.test('a used and revoked token is listed with the times of both', async (t) => {
  const app = await buildTokenApp(t)
  const { row, token } = await issue(app)
  await ask(app, bearer(token))
  await asAdmin(app, 'POST', '/token/revoke', { payload: { id: row.id } })
  const [listed] = (await asAdmin(app, 'GET', '/token/list')).json().tokens
  t.match(listed, { revoked_at: UTC, last_used_at: UTC, is_valid: false })
})

t.test('an expired token is listed as not valid', async (t) => {
  const app = await buildTokenApp(t)
  await issue(app, { life: -HOUR })
  const [listed] = (await asAdmin(app, 'GET', '/token/list')).json().tokens
  t.match(listed, { revoked_at: null, is_valid: false })
})

t.test('no tokens are an empty list', async (t) => {
  const app = await buildTokenApp(t)
  t.strictSame((await asAdmin(app, 'GET', '/token/list')).json(), { tokens: [] })
})

t.test('revoke says what it did', async (t) => {
  const app = await buildTokenApp(t)
  const { row } = await issue(app)
  const answer = await asAdmin(app, 'POST', '/token/revoke', { payload: { id: row.id } })
  t.equal(answer.statusCode, 200)
  t.strictSame(answer.json(), { message: 'token revoked successfully' })
})

t.test('revoking twice is no error', async (t) => {
  const app = await buildTokenApp(t)
  const { row } = await issue(app)
  await asAdmin(app, 'POST', '/token/revoke', { payload: { id: row.id } })
  t.equal((await asAdmin(app, 'POST', '/token/revoke', { payload: { id: row.id } })).statusCode, 200)
})

t.test('an unknown id cannot be revoked', async (t) => {
  const app = await buildTokenApp(t)
  const answer = await asAdmin(app, 'POST', '/token/revoke', { payload: { id: 'no-such-token' } })
  t.equal(answer.statusCode, 404)
  t.match(answer.json(), { error: { code: 'token_not_found', message: String } })
})

t.test('a revoke without an id is refused by the field\'s name', async (t) => {
  const app = await buildTokenApp(t)
  const answer = await asAdmin(app, 'POST', '/token/revoke', { payload: {} })
  t.equal(answer.statusCode, 400)
  t.match(answer.json().error.message, /^id: /)
})
