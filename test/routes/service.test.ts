import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { FAULTS } from '../../src/upstreams/fault-table.ts'
import { testConfig, type ConfigChanges } from '../helpers/gateway.ts'

async function app (t: { teardown (fn: () => Promise<unknown>): void }, changes: ConfigChanges = {}) {
  const app = await buildApp(testConfig(changes), { version: '1.2.3' })
  t.teardown(() => app.close())
  return app
}

t.test('GET / tells name and version, HEAD / and HEAD /api/hello answer cheaply, all without a token', async (t) => {
  const gateway = await app(t)
  t.same((await gateway.inject('/')).json(), { name: 'ccproxy', version: '1.2.3' })
  for (const url of ['/', '/api/hello']) {
    const answer = await gateway.inject({ method: 'HEAD', url })
    t.equal(answer.statusCode, 200)
    t.equal(answer.body, '')
  }
})

t.test('GET /health says alive', async (t) => {
  t.same((await (await app(t)).inject('/health')).json(), { status: 'ok' })
})

t.test('GET /ready says ready with a key, and what is missing without', async (t) => {
  t.same((await (await app(t)).inject('/ready')).json(), { status: 'ready' })
  const answer = await (await app(t, { claude: { api_keys: [] } })).inject('/ready')
  t.equal(answer.statusCode, 503)
  t.match(answer.json(), { status: 'not_ready', reason: /CCPROXY_CLAUDE_API_KEYS/ })
})

t.test('GET /ready is 503 while every key is refused', async (t) => {
  const gateway = await app(t)
  const refused = FAULTS.find(({ name }) => name === 'unauthorized')!
  gateway.keyPool.acquire({ model: 'm' }).settle({ kind: 'fault', fault: { row: refused, retryAfter: null, text: null } })
  const answer = await gateway.inject('/ready')
  t.equal(answer.statusCode, 503)
  t.match(answer.json().reason, /keys\/stats/)
})

t.test('an unknown path is told in the protocol of its place', async (t) => {
  const gateway = await app(t)
  t.match((await gateway.inject('/nowhere?token=made-up')).json(), {
    type: 'error', error: { type: 'not_found_error', message: 'There is no GET /nowhere here.' }, request_id: /^req_/
  })
  t.match((await gateway.inject('/api/nowhere')).json(), { error: { code: 'missing_admin_key' } })
  t.match((await gateway.inject('/v1/nowhere')).json(), { type: 'error', error: { type: 'authentication_error' } })
})
