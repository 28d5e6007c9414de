import t from 'tap'
import { ask, asAdmin, bearer, buildTokenApp, HOUR, issue } from '../helpers/token-app.ts'

t.test('a token in Authorization opens the route', async (t) => {
  const app = await buildTokenApp(t)
  const { row, token } = await issue(app)
  const answer = await ask(app, bearer(token))
  t.equal(answer.statusCode, 200)
  t.strictSame(answer.json(), { caller: row.id })
})

t.test('a token in x-api-key opens the route', async (t) => {
  const app = await buildTokenApp(t)
  const { token } = await issue(app)
  t.equal((await ask(app, { 'x-api-key': token })).statusCode, 200)
})

for (const scheme of ['bearer', 'BEARER', 'Bearer  ']) {
  t.test(`the scheme may be written "${scheme}"`, async (t) => {
    const app = await buildTokenApp(t)
    const { token } = await issue(app)
    t.equal((await ask(app, { authorization: `${scheme} ${token}` })).statusCode, 200)
  })
}

t.test('Authorization goes before x-api-key', async (t) => {
  const app = await buildTokenApp(t)
  const { token } = await issue(app)
  const other = await issue(app, { name: 'other' })
  const answer = await ask(app, { ...bearer(token), 'x-api-key': other.token })
  t.not(answer.json().caller, other.row.id)
})

t.test('an empty Bearer leaves the word to x-api-key', async (t) => {
  const app = await buildTokenApp(t)
  const { token } = await issue(app)
  t.equal((await ask(app, { authorization: 'Bearer ', 'x-api-key': token })).statusCode, 200)
})

t.test('no token: the answer says how to send one', async (t) => {
  const app = await buildTokenApp(t)
  const answer = await ask(app, {})
  t.equal(answer.statusCode, 401)
  t.match(answer.json(), { type: 'error', error: { type: 'authentication_error', message: /Authorization: Bearer/ } })
})

t.test('a revoked token is told that it was revoked', async (t) => {
  const app = await buildTokenApp(t)
  const { row, token } = await issue(app)
  await app.tokens.revoke(row.id)
  const answer = await ask(app, bearer(token))
  t.equal(answer.statusCode, 401)
  t.match(answer.json(), { error: { type: 'authentication_error', message: /has been revoked/ } })
})

t.test('a revocation through the API is in force on the very next request', async (t) => {
  const app = await buildTokenApp(t)
  const { row, token } = await issue(app)
  t.equal((await ask(app, bearer(token))).statusCode, 200)
  await asAdmin(app, 'POST', '/token/revoke', { payload: { id: row.id } })
  t.equal((await ask(app, bearer(token))).statusCode, 401)
})

t.test('an expired token is told that it has expired', async (t) => {
  const app = await buildTokenApp(t)
  const { token } = await issue(app, { life: -HOUR })
  const answer = await ask(app, bearer(token))
  t.equal(answer.statusCode, 401)
  t.match(answer.json(), { error: { type: 'authentication_error', message: /has expired/ } })
})

t.test('a token is good until the moment it expires, and no longer', async (t) => {
  const clock = { now: Date.now() }
  const app = await buildTokenApp(t, { clock: () => clock.now })
  const { row, token } = await issue(app)
  clock.now = row.expires_at - 1
  t.equal((await ask(app, bearer(token))).statusCode, 200)
  clock.now = row.expires_at
  t.equal((await ask(app, bearer(token))).statusCode, 401)
})

t.test('a good request marks the token as used', async (t) => {
  const app = await buildTokenApp(t)
  const { row, token } = await issue(app)
  await ask(app, bearer(token))
  t.type(row.last_used_at, 'number')
})

t.test('a refused request does not mark the token as used', async (t) => {
  const app = await buildTokenApp(t)
  const { row, token } = await issue(app)
  await app.tokens.revoke(row.id)
  await ask(app, bearer(token))
  t.equal(row.last_used_at, null)
})

t.test('the request\'s log record names the token', async (t) => {
  const app = await buildTokenApp(t)
  const { row, token } = await issue(app)
  let logged: string | null = null
  app.addHook('onResponse', async (request) => { logged = request.record.tokenId })
  await ask(app, bearer(token))
  t.equal(logged, row.id)
})

t.test('a name of any script is carried by the token', async (t) => {
  const app = await buildTokenApp(t)
  const { token } = await issue(app, { name: 'ноутбук 💻 d\'été' })
  t.equal((await ask(app, bearer(token))).statusCode, 200)
})

t.test('a token issued before a restart is good after it', async (t) => {
  const path = `${t.testdir()}/ccproxy.db`
  const before = await buildTokenApp(t, { path })
  const { token } = await issue(before)
  await before.close()
  t.equal((await ask(await buildTokenApp(t, { path }), bearer(token))).statusCode, 200)
})

t.test('a token revoked before a restart is refused after it', async (t) => {
  const path = `${t.testdir()}/ccproxy.db`
  const before = await buildTokenApp(t, { path })
  const { row, token } = await issue(before)
  await before.tokens.revoke(row.id)
  await before.close()
  t.match((await ask(await buildTokenApp(t, { path }), bearer(token))).json(), { error: { message: /has been revoked/ } })
})
