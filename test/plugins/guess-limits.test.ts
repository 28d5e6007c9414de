import fastify, { type FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import guessLimits, { createGuessLimits } from '../../src/plugins/guess-limits.ts'

/** Limits of two guesses for an address and three for all. */
async function build (t: Test) {
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(guessLimits)
  return app.createGuessLimits({ perAddress: 2, overall: 3 })
}

function from (ip: string): FastifyRequest {
  return { ip, routeOptions: {} } as FastifyRequest
}

t.test('guesses within the limit are allowed', async (t) => {
  const limits = await build(t)
  t.equal(await limits.count(from('192.0.2.1')), undefined)
  t.equal(await limits.count(from('192.0.2.1')), undefined)
})

t.test('one guess too many is told how long to wait', async (t) => {
  const limits = await build(t)
  await limits.count(from('192.0.2.1'))
  await limits.count(from('192.0.2.1'))
  const wait = await limits.count(from('192.0.2.1'))
  t.ok(wait !== undefined && wait > 0 && wait <= 60, `${wait} s`)
})

t.test('asking counts nothing', async (t) => {
  const limits = await build(t)
  for (let i = 0; i < 10; i++) await limits.wait(from('192.0.2.1'))
  t.equal(await limits.count(from('192.0.2.1')), undefined)
})

t.test('who has used up all guesses must wait', async (t) => {
  const limits = await build(t)
  await limits.count(from('192.0.2.1'))
  await limits.count(from('192.0.2.1'))
  t.type(await limits.wait(from('192.0.2.1')), 'number')
})

t.test('one address does not wait for another', async (t) => {
  const limits = await build(t)
  await limits.count(from('192.0.2.1'))
  await limits.count(from('192.0.2.1'))
  t.equal(await limits.wait(from('192.0.2.2')), undefined)
})

t.test('all addresses together have a limit', async (t) => {
  const limits = await build(t)
  for (const ip of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) await limits.count(from(ip))
  t.type(await limits.wait(from('192.0.2.4')), 'number')
})

t.test('an address over its own limit does not use up the one of all', async (t) => {
  const limits = await build(t)
  for (let i = 0; i < 10; i++) await limits.count(from('192.0.2.1'))
  t.equal(await limits.count(from('192.0.2.2')), undefined)
})

t.test('the addresses of one IPv6 network are one guesser', async (t) => {
  const limits = await build(t)
  await limits.count(from('2001:db8::1'))
  await limits.count(from('2001:db8::2'))
  t.type(await limits.wait(from('2001:db8::3')), 'number')
})

t.test('two IPv6 networks are two guessers', async (t) => {
  const limits = await build(t)
  await limits.count(from('2001:db8::1'))
  await limits.count(from('2001:db8::2'))
  t.equal(await limits.wait(from('2001:db8:0:1::1')), undefined)
})

t.test('limits made apart count apart', async (t) => {
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(guessLimits)
  const first = app.createGuessLimits({ perAddress: 1, overall: 1 })
  const second = app.createGuessLimits({ perAddress: 1, overall: 1 })
  await first.count(from('192.0.2.1'))
  t.equal(await second.count(from('192.0.2.1')), undefined)
})

t.test('a fault of the counter is thrown', async (t) => {
  const broken = { createRateLimit: () => async () => { throw new Error('counter is gone') } }
  const limits = createGuessLimits(broken as never, { perAddress: 1, overall: 1 })
  await t.rejects(limits.wait(from('192.0.2.1')), /counter is gone/)
})
