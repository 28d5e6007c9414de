import t from 'tap'
import { AjvCompiler } from '@fastify/ajv-compiler'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import fastify, { type RouteOptions } from 'fastify'
import { buildApp } from '../src/app.ts'
import { lateCompilers } from '../src/late-compilers.ts'
import { testConfig } from './helpers/gateway.ts'

t.test('every schema of every route can be compiled', async (t) => {
  const routes: RouteOptions[] = []
  const app = await buildApp(testConfig(), { onRoute: (route) => routes.push(route) })
  t.teardown(() => app.close())
  await app.ready()
  const validators = AjvCompiler()({}, { customOptions: { coerceTypes: false } }) as unknown as (route: object) => unknown
  const serializers = SerializerSelector()({}, {}) as unknown as (route: object) => unknown
  let compiled = 0
  for (const { url, schema = {} } of routes) {
    const { body, params, querystring, headers, response = {} } = schema as Record<string, object | undefined>
    t.equal(headers, undefined, `${url} has no schema for its headers`)
    for (const part of [body, params, querystring]) {
      if (part === undefined) continue
      t.type(validators({ schema: part }), 'function', url)
      compiled++
    }
    for (const [status, answer] of Object.entries(response)) {
      const content = (answer as { content?: Record<string, { schema: object }> }).content
      for (const one of content === undefined ? [answer] : Object.values(content).map((media) => media.schema)) {
        t.type(serializers({ schema: one }), 'function', `${url} ${status}`)
        compiled++
      }
    }
  }
  t.ok(compiled > 100, `${compiled} schemas`)
})

t.test('bodies are validated and answers cut to their schema, at the first request and after it', async (t) => {
  const app = fastify({ schemaController: lateCompilers() })
  const body = { type: 'object', required: ['a'], properties: { a: { type: 'number' } } }
  const answer = { type: 'object', properties: { told: { type: 'number' } } }
  for (const url of ['/one', '/two']) {
    app.post(url, { schema: { body, response: { 200: answer } } }, async (request) => ({ told: (request.body as { a: number }).a, secret: 'made up' }))
  }
  for (const url of ['/one', '/two', '/one']) {
    t.match((await app.inject({ method: 'POST', url, payload: { b: 1 } })).json(), { statusCode: 400, message: /must have required property 'a'/ })
    t.equal((await app.inject({ method: 'POST', url, payload: { a: 2 } })).body, '{"told":2}')
    t.match((await app.inject({ method: 'POST', url, payload: { a: 'x' } })).json(), { statusCode: 400, message: /a must be number/ })
  }
})
