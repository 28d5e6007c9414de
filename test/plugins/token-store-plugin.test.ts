import { join } from 'node:path'
import { mock } from 'node:test'
import fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import type { GatewayError } from '../../src/errors.ts'
import database from '../../src/plugins/database/index.ts'
import exchanges from '../../src/plugins/exchanges.ts'
import { FLUSH_INTERVAL } from '../../src/plugins/last-used.ts'
import tokenStore from '../../src/plugins/token-store.ts'

const LATER = Date.now() + 3_600_000

async function lastUsedOnDisk (app: FastifyInstance, id: string): Promise<number | null> {
  return (await app.db.selectFrom('tokens').select('last_used_at').where('id', '=', id).executeTakeFirstOrThrow()).last_used_at
}

async function buildApp (t: Test, path: string) {
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(exchanges)
  await app.register(database, { path })
  await app.register(tokenStore, {})
  await app.ready()
  return app
}

t.test('revoking ends the running requests of that token, and of no other', async (t) => {
  const app = await buildApp(t, ':memory:')
  const row = await app.tokens.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  const ended: Array<[string, GatewayError]> = []
  const exchangeOf = (id: string) => ({ tick: () => {}, fail: (error: GatewayError) => { ended.push([id, error]) } })
  app.exchanges.add(row.id, exchangeOf(row.id))
  app.exchanges.add('another', exchangeOf('another'))
  await app.tokens.revoke(row.id)
  t.match(ended, [[row.id, { type: 'authentication_error', message: /has been revoked/ }]])
  t.equal(ended.length, 1)
})

t.test('closing writes what the last minute left', async (t) => {
  const path = join(t.testdir(), 'ccproxy.db')
  const app = await buildApp(t, path)
  const row = await app.tokens.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  app.tokens.touch(row.id)
  await app.close()
  const again = await buildApp(t, path)
  t.type(row.last_used_at, 'number')
  t.equal(again.tokens.get(row.id)!.last_used_at, row.last_used_at)
})

t.test('uses are written once a minute', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  const app = await buildApp(t, ':memory:')
  const row = await app.tokens.create({ name: 'laptop', mode: 'both', expiresAt: LATER })
  app.tokens.touch(row.id)
  mock.timers.tick(FLUSH_INTERVAL - 1)
  t.equal(await lastUsedOnDisk(app, row.id), null)
  mock.timers.tick(1)
  t.equal(await lastUsedOnDisk(app, row.id), row.last_used_at)
})
