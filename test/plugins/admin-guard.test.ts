import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { createAdminGuard } from '../../src/plugins/admin-guard.ts'
import { asAdmin, buildTokenApp } from '../helpers/token-app.ts'

const WRONG = { 'x-admin-key': 'not-the-key' }

t.test('the admin key opens the admin routes', async (t) => {
  const app = await buildTokenApp(t)
  t.equal((await asAdmin(app, 'GET', '/token/list')).statusCode, 200)
})

t.test('no key: the answer says how to send it', async (t) => {
  const app = await buildTokenApp(t)
  const answer = await asAdmin(app, 'GET', '/token/list', { headers: {} })
  t.equal(answer.statusCode, 401)
  t.match(answer.json(), { error: { code: 'missing_admin_key', message: /X-Admin-Key/ } })
})

t.test('a wrong key is refused', async (t) => {
  const app = await buildTokenApp(t)
  const answer = await asAdmin(app, 'GET', '/token/list', { headers: WRONG })
  t.equal(answer.statusCode, 401)
  t.match(answer.json(), { error: { code: 'invalid_admin_key', message: String } })
})

t.test('ten wrong keys a minute are answered, the eleventh must wait', async (t) => {
  const app = await buildTokenApp(t)
  for (let i = 0; i < 10; i++) t.equal((await asAdmin(app, 'GET', '/token/list', { headers: WRONG })).statusCode, 401)
  const answer = await asAdmin(app, 'GET', '/token/list', { headers: WRONG })
  t.equal(answer.statusCode, 429)
  t.equal(answer.json().error.code, 'rate_limited')
  t.ok(Number(answer.headers['retry-after']) > 0)
})

t.test('a missing key is no guess', async (t) => {
  const app = await buildTokenApp(t, { adminLimits: { perAddress: 2, overall: 100 } })
  for (let i = 0; i < 5; i++) t.equal((await asAdmin(app, 'GET', '/token/list', { headers: {} })).statusCode, 401)
  t.equal((await asAdmin(app, 'GET', '/token/list')).statusCode, 200)
})

t.test('the right key counts as no guess', async (t) => {
  const app = await buildTokenApp(t, { adminLimits: { perAddress: 2, overall: 2 } })
  for (let i = 0; i < 10; i++) await asAdmin(app, 'GET', '/token/list')
  t.equal((await asAdmin(app, 'GET', '/token/list')).statusCode, 200)
})

t.test('a key that is not ASCII is compared by its bytes on the wire', async (t) => {
  const requireAdmin = createAdminGuard({ key: 'schlüssel', limits: { wait: async () => undefined, count: async () => undefined } })
  const onTheWire = Buffer.from('schlüssel', 'utf8').toString('latin1')
  await t.resolves(requireAdmin({ url: '/', headers: { 'x-admin-key': onTheWire } } as unknown as FastifyRequest))
})

t.test('when guesses cannot be counted, the right key is refused too', async (t) => {
  const fault = async () => { throw new Error('counter is gone') }
  const requireAdmin = createAdminGuard({ key: 'made-up', limits: { wait: fault, count: fault } })
  await t.rejects(requireAdmin({ url: '/', headers: { 'x-admin-key': 'made-up' } } as unknown as FastifyRequest), /counter is gone/)
})

t.test('a fault of the counter does not shut the door for good', async (t) => {
  let faults = 1
  const wait = async () => {
    if (faults-- > 0) throw new Error('counter is gone')
    return undefined
  }
  const requireAdmin = createAdminGuard({ key: 'made-up', limits: { wait, count: wait } })
  const request = { url: '/', headers: { 'x-admin-key': 'made-up' } } as unknown as FastifyRequest
  await t.rejects(requireAdmin(request))
  await t.resolves(requireAdmin(request))
})

t.test('an admin body of more than 16 KiB is refused', async (t) => {
  const app = await buildTokenApp(t)
  const answer = await asAdmin(app, 'POST', '/token/generate', { payload: { name: 'x'.repeat(17_000) } })
  t.equal(answer.statusCode, 413)
})
