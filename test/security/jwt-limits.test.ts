import t from 'tap'
import { ask, bearer, buildTokenApp, issue } from '../helpers/token-app.ts'

t.test('bad tokens over the limit are answered 429', async (t) => {
  const app = await buildTokenApp(t, { tokenLimits: { perAddress: 3, overall: 100 } })
  for (let i = 0; i < 3; i++) t.equal((await ask(app, bearer('guess'))).statusCode, 401)
  const answer = await ask(app, bearer('guess'))
  t.equal(answer.statusCode, 429)
  t.match(answer.json(), { error: { type: 'rate_limit_error' } })
  t.ok(Number(answer.headers['retry-after']) > 0)
})

t.test('by default an address has 60 bad tokens a minute', async (t) => {
  const app = await buildTokenApp(t)
  for (let i = 0; i < 60; i++) await ask(app, bearer('guess'), '192.0.2.1')
  t.equal((await ask(app, bearer('guess'), '192.0.2.2')).statusCode, 401)
  t.equal((await ask(app, bearer('guess'), '192.0.2.1')).statusCode, 429)
})

t.test('by default all addresses together have 1,000 bad tokens a minute', async (t) => {
  const app = await buildTokenApp(t)
  for (let i = 0; i < 1_000; i++) await ask(app, bearer('guess'), `192.0.2.${i % 200}`)
  t.equal((await ask(app, bearer('guess'), '198.51.100.1')).statusCode, 429)
})

t.test('a good token is let in though its neighbours at the address guess', async (t) => {
  const app = await buildTokenApp(t, { tokenLimits: { perAddress: 1, overall: 1 } })
  const { token } = await issue(app)
  for (let i = 0; i < 5; i++) await ask(app, bearer('guess'))
  t.equal((await ask(app, bearer(token))).statusCode, 200)
})

t.test('good tokens are not counted', async (t) => {
  const app = await buildTokenApp(t, { tokenLimits: { perAddress: 1, overall: 1 } })
  const { token } = await issue(app)
  for (let i = 0; i < 5; i++) await ask(app, bearer(token))
  t.equal((await ask(app, bearer('guess'))).statusCode, 401)
})

t.test('a forged x-forwarded-for does not make a guesser someone else', async (t) => {
  const app = await buildTokenApp(t, { tokenLimits: { perAddress: 2, overall: 100 } })
  for (let i = 0; i < 2; i++) await ask(app, { ...bearer('guess'), 'x-forwarded-for': `198.51.100.${i}` })
  t.equal((await ask(app, { ...bearer('guess'), 'x-forwarded-for': '198.51.100.9' })).statusCode, 429)
})

t.test('behind a trusted proxy each client has a limit of its own', async (t) => {
  const app = await buildTokenApp(t, { tokenLimits: { perAddress: 1, overall: 100 }, server: { trustProxy: ['192.0.2.0/24'] } })
  await ask(app, { ...bearer('guess'), 'x-forwarded-for': '198.51.100.1' })
  t.equal((await ask(app, { ...bearer('guess'), 'x-forwarded-for': '198.51.100.2' })).statusCode, 401)
  t.equal((await ask(app, { ...bearer('guess'), 'x-forwarded-for': '198.51.100.1' })).statusCode, 429)
})
