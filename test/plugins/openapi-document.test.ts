import fastify from 'fastify'
import t, { type Test } from 'tap'
import openapiDocument from '../../src/plugins/openapi-document.ts'

/** An app with the plugin, and the names of the hooks that it has added. */
async function start (t: Test) {
  const app = fastify()
  t.teardown(() => app.close())
  const hooks: string[] = []
  const addHook = app.addHook.bind(app) as (...args: unknown[]) => typeof app
  app.addHook = ((name: string, ...rest: unknown[]) => {
    hooks.push(name)
    return addHook(name, ...rest)
  }) as typeof app.addHook
  await app.register(openapiDocument, { version: '1.2.3' })
  app.get('/things/:id', { schema: { summary: 'A thing' } }, async () => 'thing')
  await app.ready()
  return { app, hooks }
}

t.test('no hook of it runs for a request', async (t) => {
  const { hooks } = await start(t)
  t.ok(hooks.length > 0)
  t.same(hooks.filter((name) => !['onRoute', 'onRegister', 'onReady'].includes(name)), [])
})

t.test('the document is made when it is first asked for, and once', async (t) => {
  const { app } = await start(t)
  const { swagger } = app
  let made = 0
  app.swagger = ((...args: []) => {
    made++
    return swagger(...args)
  }) as typeof swagger
  t.equal(made, 0)
  t.equal(app.openapiDocument(), app.openapiDocument())
  t.equal(made, 1)
})

t.test('a route that tells nothing of itself is in it as it is', async (t) => {
  const { app } = await start(t)
  t.match(JSON.parse(app.openapiDocument().body.toString()), { paths: { '/things/{id}': { get: { summary: 'A thing', parameters: [{ name: 'id', in: 'path' }] } } } })
})
