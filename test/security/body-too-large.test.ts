import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { Exchange, send } from '../helpers/raw-client.ts'
import { messages } from '../helpers/settled.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { isEnvelope, nothingIsLeft } from '../faults/expect.ts'

const LIMIT = 32 * 1_048_576

/** A valid request of exactly so many bytes. */
function bodyOf (length: number): Buffer {
  const empty = messages({ system: '' })
  return Buffer.from(messages({ system: 'x'.repeat(length - empty.length) }))
}

const upstream = await startUpstream(t, (res) => { res.writeHead(200, { 'content-type': 'application/json' }).end('{}') })

t.test('a body of 32 MiB is forwarded', async (t) => {
  const gateway = await startGateway(t, upstream.url)
  const answer = await send(gateway.url, { headers: gateway.headers, body: bodyOf(LIMIT) })
  t.equal(answer.status, 200)
  t.equal(upstream.seen.pop()?.body.length, LIMIT)
})

t.test('a length over 32 MiB is refused before the body is read', async (t) => {
  const gateway = await startGateway(t, upstream.url)
  const exchange = new Exchange(gateway.url, { headers: { ...gateway.headers, 'content-length': String(LIMIT + 1) }, body: [Buffer.from('{')] })
  // The client promises more than it sends: an answer shows that nobody waited for it.
  isEnvelope(t, await exchange.done, 413, 'request_too_large')
  exchange.leave()
  t.equal(upstream.seen.length, 0)
  await nothingIsLeft(t, gateway)
})

t.test('a chunked body over 32 MiB is refused once it is over', async (t) => {
  const gateway = await startGateway(t, upstream.url)
  const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: Array.from({ length: 33 }, () => Buffer.alloc(1_048_576, ' ')) })
  isEnvelope(t, await exchange.done, 413, 'request_too_large')
  t.equal(upstream.seen.length, 0)
  await nothingIsLeft(t, gateway)
})

t.test('a client that sends a whole 40 MiB before it reads still gets the answer', async (t) => {
  const gateway = await startGateway(t, upstream.url)
  isEnvelope(t, await send(gateway.url, { headers: gateway.headers, body: Buffer.alloc(40 * 1_048_576, ' ') }), 413, 'request_too_large')
  await nothingIsLeft(t, gateway)
})

t.test('an admin body over its own, smaller limit is refused', async (t) => {
  const gateway = await startGateway(t, upstream.url)
  const answer = await send(gateway.url, {
    path: '/api/token/generate', headers: { 'x-admin-key': 'made-up-admin-key', 'content-type': 'application/json' }, body: Buffer.alloc(20_000, ' ')
  })
  t.equal(answer.status, 413)
  t.match(JSON.parse(answer.body.toString()), { error: { code: 'request_too_large', message: /\S/ } })
})
