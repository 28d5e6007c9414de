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
    if (isRefused(url)) {
      t.same(Object.keys(schema?.response as object), ['403'], `${url}: refuses`)
      continue
    }
    t.ok(schema?.response, `${name}: answers`)
    // What is done to one thing needs no body.
    if (method === 'POST' && !url.includes(':id')) t.ok(schema?.body, `${name}: body`)
    if (url.includes(':')) t.ok(schema?.params, `${name}: params`)
  }
})

/** Told apart by what they do: whatever the method, they say why not. */
function isRefused (url: string): boolean {
  const [, version, name] = url.split('/')
  return version === 'v1' && ['organizations', 'agents', 'sessions', 'environments', 'deployments', 'deployment_runs', 'dreams', 'memory_stores', 'vaults', 'tunnels', 'user_profiles'].includes(name!)
}

t.test('nothing else is served', async (t) => {
  const names = (await routes()).filter(({ method, url }) => method !== 'HEAD' && !isRefused(url)).map(({ method, url }) => `${String(method)} ${url}`)
  t.same(names.sort(), [
    'DELETE /api/keys/:id',
    'DELETE /api/session/:id',
    'DELETE /v1/files/:id',
    'DELETE /v1/messages/batches/:id',
    'DELETE /v1/responses/:id',
    'DELETE /v1/skills/:id',
    'DELETE /v1/skills/:id/versions/:version',
    'GET /',
    'GET /api/keys/stats',
    'GET /api/session/list',
    'GET /api/token/info',
    'GET /api/token/list',
    'GET /health',
    'GET /openapi.json',
    'GET /ready',
    'GET /v1/files',
    'GET /v1/files/:id',
    'GET /v1/files/:id/content',
    'GET /v1/messages/batches',
    'GET /v1/messages/batches/:id',
    'GET /v1/messages/batches/:id/results',
    'GET /v1/models',
    'GET /v1/models/:id',
    'GET /v1/responses/:id',
    'GET /v1/skills',
    'GET /v1/skills/:id',
    'GET /v1/skills/:id/versions',
    'GET /v1/skills/:id/versions/:version',
    'GET /v1/skills/:id/versions/:version/content',
    'POST /api/keys/:id/disable',
    'POST /api/keys/:id/enable',
    'POST /api/keys/:id/reset',
    'POST /api/keys/add',
    'POST /api/session/:id/activate',
    'POST /api/session/:id/check',
    'POST /api/session/:id/deactivate',
    'POST /api/session/:id/reset',
    'POST /api/session/add',
    'POST /api/token/generate',
    'POST /api/token/revoke',
    'POST /v1/chat/completions',
    'POST /v1/files',
    'POST /v1/messages',
    'POST /v1/messages/batches',
    'POST /v1/messages/batches/:id/cancel',
    'POST /v1/messages/count_tokens',
    'POST /v1/responses',
    'POST /v1/skills',
    'POST /v1/skills/:id/versions'
  ])
})

t.test('no route below /api or /v1 answers without its credential', async (t) => {
  const app = await buildApp(testConfig())
  t.teardown(() => app.close())
  for (const { method: methods, url } of await routes()) {
    const method = [methods].flat().find((name) => name !== 'HEAD') ?? 'HEAD'
    if (!url.startsWith('/api/') && !url.startsWith('/v1/')) continue
    if (url === '/api/hello') continue
    const answer = await app.inject({ method: method as 'GET' | 'POST', url: url.replace(/:\w+/g, 'x') })
    t.equal(answer.statusCode, 401, `${method} ${url}`)
  }
})
