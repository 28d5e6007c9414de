import t from 'tap'
import type { RouteOptions } from 'fastify'
import { buildApp } from '../src/app.ts'
import { testConfig } from './helpers/gateway.ts'

async function routes (): Promise<RouteOptions[]> {
  const routes: RouteOptions[] = []
  const app = await buildApp(testConfig(), { onRoute: (route) => { routes.push(route) } })
  await app.close()
  return routes
}

t.test('every route carries schemas for what it takes and what it answers', async (t) => {
  const all = await routes()
  t.ok(all.length > 10)
  for (const { method, url, schema } of all) {
    const name = `${String(method)} ${url}`
    t.ok(schema?.response, `${name}: answers`)
    // What is done to one thing needs no body.
    if (method === 'POST' && !url.includes(':id')) t.ok(schema?.body, `${name}: body`)
    if (url.includes(':')) t.ok(schema?.params, `${name}: params`)
  }
})

t.test('nothing else is served', async (t) => {
  const names = (await routes()).filter(({ method }) => method !== 'HEAD').map(({ method, url }) => `${String(method)} ${url}`)
  t.same(names.sort(), [
    'DELETE /api/keys/:id',
    'GET /',
    'GET /api/keys/stats',
    'GET /api/token/info',
    'GET /api/token/list',
    'GET /health',
    'GET /ready',
    'GET /v1/models',
    'GET /v1/models/:id',
    'POST /api/keys/:id/disable',
    'POST /api/keys/:id/enable',
    'POST /api/keys/:id/reset',
    'POST /api/keys/add',
    'POST /api/token/generate',
    'POST /api/token/revoke',
    'POST /v1/messages',
    'POST /v1/messages/count_tokens'
  ])
})

t.test('no route below /api or /v1 answers without its credential', async (t) => {
  const app = await buildApp(testConfig())
  t.teardown(() => app.close())
  for (const { method, url } of await routes()) {
    if (!url.startsWith('/api/') && !url.startsWith('/v1/')) continue
    if (url === '/api/hello') continue
    const answer = await app.inject({ method: method as 'GET' | 'POST', url: url.replace(':id', 'x') })
    t.equal(answer.statusCode, 401, `${String(method)} ${url}`)
  }
})
