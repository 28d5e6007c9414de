import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { RawClient, rawPost } from '../helpers/raw-client.ts'
import { messages, STREAMING } from '../helpers/settled.ts'
import { SSE_HEADERS, startUpstream, wholeStream } from '../helpers/upstream.ts'
import { nothingIsLeft } from '../faults/expect.ts'

// Requests that are rare and yet valid are served.

const upstream = await startUpstream(t, (res, { body }) => {
  const { stream, name = '' } = JSON.parse(body.toString()) as { stream?: boolean, name?: string }
  if (stream === true) res.writeHead(200, SSE_HEADERS).end(wholeStream('hi'))
  else res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ name }))
})

t.beforeEach(() => { upstream.seen.length = 0 })

t.test('a client that asks before it sends its body is told to go on', async (t) => {
  const gateway = await startGateway(t, upstream.url)
  const client = new RawClient(t, gateway.port)
  const request = rawPost(gateway.token, messages({ name: 'x' }), ['expect: 100-continue', 'connection: close'])
  const body = request.indexOf('\r\n\r\n') + 4
  client.write(request.slice(0, body))
  await client.has('HTTP/1.1 100 Continue')
  client.write(request.slice(body))
  t.match(await client.end(), /HTTP\/1\.1 200 OK[^]*\{"name":"x"\}/)
  t.notOk('expect' in upstream.seen[0]!.req.headers)
})

t.test('requests sent without waiting are answered in their order', async (t) => {
  const gateway = await startGateway(t, upstream.url)
  const client = new RawClient(t, gateway.port)
  const names = Array.from({ length: 10 }, (_, index) => `name ${index}`)
  client.write(names.map((name, index) => rawPost(gateway.token, messages({ name }), index === 9 ? ['connection: close'] : [])).join(''))
  const text = await client.end()
  t.same(text.match(/name \d/g), names)
  await nothingIsLeft(t, gateway)
})

t.test('an HTTP/1.0 client gets a stream that is not chunked', async (t) => {
  const gateway = await startGateway(t, upstream.url)
  const client = new RawClient(t, gateway.port)
  client.write(rawPost(gateway.token, STREAMING).replace('HTTP/1.1', 'HTTP/1.0'))
  const text = await client.end()
  t.notMatch(text, /transfer-encoding/i)
  t.equal(text.slice(text.indexOf('\r\n\r\n') + 4), wholeStream('hi'))
})

t.test('a request line with a whole address is served here, and goes nowhere else', async (t) => {
  const gateway = await startGateway(t, upstream.url)
  const client = new RawClient(t, gateway.port)
  client.write(rawPost(gateway.token, messages(), ['connection: close'], 'http://elsewhere.test/v1/messages?beta=true'))
  const text = await client.end()
  t.match(text, /^HTTP\/1\.1 (?:200|404) /)
  for (const { req } of upstream.seen) {
    t.equal(req.url, '/v1/messages?beta=true')
    t.equal(`http://${req.headers.host}`, upstream.url)
  }
})

t.test('a chunked body with extensions and trailers is read as its bytes', async (t) => {
  const gateway = await startGateway(t, upstream.url)
  const client = new RawClient(t, gateway.port)
  const body = messages({ name: 'x' })
  const head = rawPost(gateway.token, '', ['connection: close', 'transfer-encoding: chunked']).replace('content-length: 0\r\n', '')
  client.write(`${head}${body.length.toString(16)};made=up\r\n${body}\r\n0\r\nx-api-key: made-up\r\n\r\n`)
  t.match(await client.end(), /^HTTP\/1\.1 200 /)
  t.equal(upstream.seen[0]?.body.toString(), body)
})

t.test('a request one byte at a time', async (t) => {
  const gateway = await startGateway(t, upstream.url)
  const client = new RawClient(t, gateway.port)
  client.socket.setNoDelay(true)
  for (const byte of Buffer.from(rawPost(gateway.token, messages({ name: 'slow' }), ['connection: close']))) client.write(Buffer.of(byte))
  t.match(await client.end(), /\{"name":"slow"\}/)
})

for (const path of ['/v1/messages/', '//v1/messages', '/v1/./messages', '/v1/../v1/messages', '/V1/MESSAGES', '/v1/messages%2f', '/v1%2fmessages', '/v1/messages;a=b', '/v1/messages/..%2f..%2fadmin']) {
  t.test(`the path ${path} is no way around the token`, async (t) => {
    const gateway = await startGateway(t, upstream.url)
    const client = new RawClient(t, gateway.port)
    client.write(rawPost('made.up.token', messages(), ['connection: close'], path))
    t.match(await client.end(), /^HTTP\/1\.1 (?:401|404) /)
    t.equal(upstream.seen.length, 0)
  })
}
