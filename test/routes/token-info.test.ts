import t from 'tap'
import { asAdmin, bearer, buildTokenApp, issue } from '../helpers/token-app.ts'

t.test('tells the caller about its own token, in the shape of the list', async (t) => {
  const app = await buildTokenApp(t)
  const { row, token } = await issue(app, { mode: 'api' })
  await issue(app, { name: 'another' })
  const answer = await app.inject({ url: '/api/token/info', headers: bearer(token) })
  const listed = (await asAdmin(app, 'GET', '/token/list')).json().tokens.find((entry: { id: string }) => entry.id === row.id)
  t.equal(answer.statusCode, 200)
  t.strictSame(answer.json(), listed)
})

t.test('wants a token, not the admin key', async (t) => {
  const app = await buildTokenApp(t)
  t.equal((await asAdmin(app, 'GET', '/token/info')).statusCode, 401)
})

t.test('a token does not open the admin routes', async (t) => {
  const app = await buildTokenApp(t)
  const { token } = await issue(app)
  t.equal((await asAdmin(app, 'GET', '/token/list', { headers: bearer(token) })).statusCode, 401)
})
