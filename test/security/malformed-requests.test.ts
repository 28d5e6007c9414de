import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { RawClient, rawPost } from '../helpers/raw-client.ts'
import { messages } from '../helpers/settled.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { nothingIsLeft } from '../faults/expect.ts'

// What two HTTP parsers could read in two ways is refused, answered once, and the connection is closed: nothing can be smuggled behind it.

const HOST = 'host: gateway.test'
const BODY = messages()
const LENGTH = `content-length: ${BODY.length}`
const JSON_TYPE = 'content-type: application/json'
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nhost: gateway.test\r\n\r\n'
const CHUNKED = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`

function post (...headers: string[]): string {
  return ['POST /v1/messages HTTP/1.1', ...headers, '', ''].join('\r\n')
}

const CASES: Record<string, (auth: string) => string> = {
  'a length and chunks': (auth) => post(HOST, auth, JSON_TYPE, LENGTH, 'transfer-encoding: chunked') + CHUNKED,
  'chunks and a length': (auth) => post(HOST, auth, JSON_TYPE, 'transfer-encoding: chunked', 'content-length: 0') + CHUNKED,
  'two transfer encodings': (auth) => post(HOST, auth, JSON_TYPE, 'transfer-encoding: chunked', 'transfer-encoding: identity') + CHUNKED,
  'an unknown transfer encoding': (auth) => post(HOST, auth, JSON_TYPE, 'transfer-encoding: xchunked') + CHUNKED,
  'chunked that is not last': (auth) => post(HOST, auth, JSON_TYPE, 'transfer-encoding: chunked, gzip') + CHUNKED,
  'two lengths that differ': (auth) => post(HOST, auth, JSON_TYPE, LENGTH, 'content-length: 1') + BODY,
  'two lengths alike': (auth) => post(HOST, auth, JSON_TYPE, LENGTH, LENGTH) + BODY,
  'a length with a sign': (auth) => post(HOST, auth, JSON_TYPE, `content-length: +${BODY.length}`) + BODY,
  'a list of lengths': (auth) => post(HOST, auth, JSON_TYPE, `content-length: ${BODY.length}, ${BODY.length}`) + BODY,
  'a space before the colon': (auth) => post(HOST, auth, JSON_TYPE, `content-length : ${BODY.length}`) + BODY,
  'a folded header': (auth) => post(HOST, auth, JSON_TYPE, LENGTH, 'x-folded: a', ' b') + BODY,
  'lines ended by LF alone': (auth) => post(HOST, auth, JSON_TYPE, LENGTH).replaceAll('\r\n', '\n') + BODY,
  'a lone CR in a header': (auth) => post(HOST, auth, JSON_TYPE, LENGTH, 'x-cr: a\rb') + BODY,
  'a NUL in a header': (auth) => post(HOST, auth, JSON_TYPE, LENGTH, 'x-nul: a\0b') + BODY,
  'a header without a name': (auth) => post(HOST, auth, JSON_TYPE, LENGTH, ': a') + BODY,
  'a bad chunk length': (auth) => post(HOST, auth, JSON_TYPE, 'transfer-encoding: chunked') + `0x${CHUNKED}`,
  'a chunk longer than its length': (auth) => post(HOST, auth, JSON_TYPE, 'transfer-encoding: chunked') + `1\r\n${BODY}\r\n0\r\n\r\n`,
  'no host': (auth) => post(auth, JSON_TYPE, LENGTH) + BODY,
  'a version that is none': () => 'GET /health HTTP/9.9\r\nhost: gateway.test\r\n\r\n',
  'no version': () => 'GET /health\r\n\r\n',
  'a method that is none': () => 'MADE /health HTTP/1.1\r\nhost: gateway.test\r\n\r\n',
  'a TLS handshake': () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 made up',
  'HTTP/2 without asking': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
}

for (const [name, request] of Object.entries(CASES)) {
  t.test(`${name}: refused`, async (t) => {
    const upstream = await startUpstream(t, (res) => { res.writeHead(200, { 'content-type': 'application/json' }).end('{}') })
    const gateway = await startGateway(t, upstream.url)
    const client = new RawClient(t, gateway.port)
    client.write(Buffer.from(request(`authorization: Bearer ${gateway.token}`) + SMUGGLED, 'latin1'))
    const text = await client.end()
    t.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/)
    t.equal(text.split('HTTP/1.1 ').length, 2, 'one answer, then the connection is closed')
    t.notMatch(text, /smuggled/)
    t.equal(upstream.seen.length, 0)
    await nothingIsLeft(t, gateway)
  })
}

t.test('garbage behind a request does not get into the answer that is running', async (t) => {
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write('event: message_start\ndata: {}\n\n')
  })
  const gateway = await startGateway(t, upstream.url)
  const client = new RawClient(t, gateway.port)
  client.write(rawPost(gateway.token, messages({ stream: true })))
  await client.has('message_start')
  client.write('garbage\r\n\r\n')
  const text = await client.end()
  t.equal(text.split('HTTP/1.1 ').length, 2, 'no second answer stands inside the first')
  await nothingIsLeft(t, gateway)
})
