import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { RawClient, send } from '../helpers/raw-client.ts'
import { messages } from '../helpers/settled.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { nothingIsLeft } from '../faults/expect.ts'

const upstream = await startUpstream(t, (res) => { res.writeHead(200, { 'content-type': 'application/json' }).end('{}') })

t.test('headers over 16 KiB are refused with 431 in JSON', async (t) => {
  const gateway = await startGateway(t, upstream.url)
  const client = new RawClient(t, gateway.port)
  client.write(`GET /health HTTP/1.1\r\nhost: gateway.test\r\nx-long: ${'x'.repeat(17_000)}\r\n\r\n`)
  const text = await client.end()
  t.match(text, /^HTTP\/1\.1 431 /)
  t.match(text, /connection: close/i)
  t.match(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)), { type: 'error', error: { type: 'invalid_request_error', message: /16 KiB/ } })
  await nothingIsLeft(t, gateway)
})

t.test('an address over 16 KiB is refused with 431 in JSON', async (t) => {
  const gateway = await startGateway(t, upstream.url)
  const client = new RawClient(t, gateway.port)
  client.write(`GET /health?${'x'.repeat(17_000)} HTTP/1.1\r\nhost: gateway.test\r\n\r\n`)
  t.match(await client.end(), /^HTTP\/1\.1 431 [^]*"type":"invalid_request_error"/)
})

t.test('many headers of 15 KiB together are fine', async (t) => {
  const gateway = await startGateway(t, upstream.url)
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`x-made-up-${index}`, 'x'.repeat(230)]))
  t.equal((await send(gateway.url, { headers: { ...many, ...gateway.headers }, body: messages() })).status, 200)
})
