import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { RouteOptions } from 'fastify'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { errorCodes } from '../docs/error-codes.ts'
import { testConfig, type ConfigChanges } from '../helpers/gateway.ts'

interface Media { schema: object, example?: unknown, examples?: Record<string, { $ref: string }> }
interface Answer { description: string, content?: Record<string, Media> }
interface Operation {
  summary?: string
  tags?: string[]
  operationId: string
  security?: object[]
  parameters?: object[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, Answer>
}
interface Document {
  openapi: string
  info: { version: string }
  servers: Array<{ url: string }>
  tags: Array<{ name: string }>
  paths: Record<string, Record<string, Operation>>
  components: { examples: Record<string, { value: unknown }> }
}

async function start (t: Test, changes: ConfigChanges = {}) {
  const routes: RouteOptions[] = []
  const app = await buildApp(testConfig(changes), { version: '1.2.3', onRoute: (route) => { routes.push(route) } })
  t.teardown(() => app.close())
  const answer = await app.inject('/openapi.json')
  return { app, routes, answer, document: answer.json<Document>() }
}

/** What a reference to an example leads to. */
function exampleAt ({ components: { examples } }: Document, { $ref }: { $ref: string }): unknown {
  return examples[$ref.replace('#/components/examples/', '')]?.value
}

/** Every operation with its name, such as `get /v1/models`. */
function operationsOf ({ paths }: Document): Array<[string, Operation]> {
  return Object.entries(paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]))
}

function mediaOf ({ requestBody, responses }: Operation): Array<[string, Media]> {
  return [requestBody, ...Object.values(responses)].flatMap((part) => Object.entries(part?.content ?? {}))
}

t.test('the document is valid OpenAPI 3.1', async (t) => {
  const { document } = await start(t)
  const { valid, errors } = await new Validator().validate(structuredClone(document) as object as Record<string, unknown>)
  t.same(errors ?? [], [])
  t.ok(valid)
  t.match(document, { openapi: '3.1.0', info: { version: '1.2.3' }, servers: [{ url: '/' }] })
})

t.test('no route is missing, and none is made up', async (t) => {
  const { routes, document } = await start(t)
  const named = routes.flatMap(({ method, url }) => [method].flat().map((one) => `${one.toLowerCase()} ${url.replace(/:(\w+)/g, '{$1}').replace('/*', '/{path}')}`))
  const isRefused = (name: string) => document.paths[name.split(' ')[1]!]?.['get']?.tags?.[0] === 'Refused'
  // Fastify answers HEAD beside every GET; what refuses, refuses every method.
  const expected = named.filter((name) => isRefused(name) ? name.startsWith('get ') : !name.startsWith('head ') || !named.includes(name.replace('head', 'get')))
  t.same(operationsOf(document).map(([name]) => name).sort(), [...new Set(expected)].sort())
  t.ok(expected.length > 50)
})

t.test('every operation says what it does, what it takes to be let in, and what can go wrong', async (t) => {
  const { document } = await start(t)
  const tags = document.tags.map(({ name }) => name)
  const open = ['get /', 'head /api/hello', 'get /health', 'get /ready', 'get /openapi.json']
  for (const [name, { summary, tags: [tag] = [], security, responses }] of operationsOf(document)) {
    t.ok(summary, `${name}: summary`)
    t.ok(tags.includes(tag!), `${name}: tag`)
    t.equal(security?.length === 0, open.includes(name), `${name}: security`)
    t.ok(Object.keys(responses).some((status) => /^[45]\d\d$/.test(status)), `${name}: an error`)
    t.notOk(Object.values(responses).some(({ description }) => description === 'Default Response'), `${name}: answers are described`)
  }
})

t.test('no two operations have the same id', async (t) => {
  const ids = operationsOf((await start(t)).document).map(([, { operationId }]) => operationId)
  t.equal(new Set(ids).size, ids.length)
})

t.test('every body has an example, and every example is what its schema says', async (t) => {
  const { document } = await start(t)
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: 'document', components: document.components })
  for (const [name, operation] of operationsOf(document)) {
    const media = mediaOf(operation)
    t.ok(media.some(([, { example, examples }]) => example !== undefined || examples !== undefined), `${name}: an example`)
    for (const [type, { schema, example, examples = {} }] of media) {
      const check = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object)
      const shown = [example, ...Object.values(examples).map((one) => exampleAt(document, one) ?? null)].filter((one) => one !== undefined)
      for (const one of shown) t.ok(check(one), `${name}: ${type} ${JSON.stringify(check.errors)}`)
    }
  }
})

t.test('the errors that are shown are errors of the gateway', async (t) => {
  const { document: { components: { examples } } } = await start(t)
  const known = errorCodes()
  const shown = Object.entries(examples).filter(([name]) => name.startsWith('admin.')).map(([, { value }]) => (value as { error: { code: string } }).error.code)
  t.ok(shown.length > 30)
  for (const code of shown) t.ok(known.has(code) || known.has(code.replace(/^[a-z]+(?=_not_found$)/, '*')), code)
})

t.test('errors are told in the envelope of their route', async (t) => {
  const { document } = await start(t)
  const exampleOf = (path: string, method: string, status: string, name: string) =>
    exampleAt(document, document.paths[path]![method]!.responses[status]!.content!['application/json']!.examples![name]!)
  t.match(exampleOf('/v1/messages', 'post', '401', 'invalid_token'), { type: 'error', error: { type: 'authentication_error' } })
  t.match(exampleOf('/v1/chat/completions', 'post', '401', 'invalid_token'), { error: { type: 'invalid_request_error', code: 'invalid_api_key' } })
  t.match(exampleOf('/api/token/revoke', 'post', '404', 'token_not_found'), { error: { code: 'token_not_found' } })
  t.match(exampleOf('/v1/models', 'get', '401', 'invalid_token (openai)'), { error: { code: 'invalid_api_key' } })
})

t.test('the headers that matter are named where they are heeded', async (t) => {
  const { document } = await start(t)
  const refs = (path: string, method: string) => JSON.stringify(document.paths[path]![method]!.parameters ?? [])
  for (const name of ['anthropic-version', 'X-Proxy-Mode', 'x-ccproxy-debug']) t.ok(refs('/v1/messages', 'post').includes(`parameters/${name}"`), name)
  t.notOk(refs('/v1/chat/completions', 'post').includes('anthropic-version'))
  t.notOk(refs('/api/keys/stats', 'get').includes('parameters/'))
})

t.test('GET /openapi.json needs no token, and may be kept', async (t) => {
  const { app, answer } = await start(t)
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
  t.match(answer.headers['cache-control'], /^public/)
  const again = await app.inject({ url: '/openapi.json', headers: { 'if-none-match': String(answer.headers.etag) } })
  t.equal(again.statusCode, 304)
  t.equal(again.body, '')
})

t.test('the address is the public one, where it is known', async (t) => {
  t.same((await start(t, { server: { public_url: 'https://claude.example.com' } })).document.servers, [{ url: 'https://claude.example.com' }])
})

t.test('nothing of the configuration\'s secrets is in it', async (t) => {
  const { jwt, admin, claude } = testConfig()
  const { body } = (await start(t)).answer
  for (const secret of [jwt.secret, admin.key, claude.api_keys[0]!.key]) t.notOk(body.includes(secret))
})
