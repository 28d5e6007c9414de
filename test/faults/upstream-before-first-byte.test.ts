import t from 'tap'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { startGateway, type ConfigChanges } from '../helpers/gateway.ts'
import { chunk, head, LAST_CHUNK, startRawUpstream, STREAM_HEAD } from '../helpers/raw-upstream.ts'
import { send } from '../helpers/raw-client.ts'
import { messages, STREAMING } from '../helpers/settled.ts'
import { MESSAGE_START } from '../helpers/upstream.ts'
import { isEnvelope, nothingIsLeft } from './expect.ts'

// An upstream that fails before anything of its answer has reached the client: the client is told in the envelope, with a status of its own.

interface Fault {
  answer: (socket: Socket) => void
  status?: number
  type?: string
  config?: ConfigChanges
  /** How often each request is sent: more than once only when no answer had come back. */
  attempts?: number
}

const FAULTS: Record<string, Fault> = {
  'reset before headers': { answer: (socket) => socket.resetAndDestroy(), attempts: 3 },
  'closed before headers': { answer: (socket) => socket.end(), attempts: 3 },
  'closed inside the headers': { answer: (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-type: appl'), attempts: 3 },
  'a garbage status line': { answer: (socket) => socket.end('SIP/2.0 200 Fine\r\n\r\n') },
  'a status that is no number': { answer: (socket) => socket.end('HTTP/1.1 abc OK\r\n\r\n') },
  'headers larger than any': { answer: (socket) => socket.write(head('200 OK', `x-long: ${'x'.repeat(200_000)}`)) },
  'no headers in time': { answer: () => {}, status: 504, type: 'timeout_error', config: { claude: { headers_timeout: 50 } } },
  'headers, then silence': {
    answer: (socket) => socket.write(STREAM_HEAD), status: 504, type: 'timeout_error', config: { claude: { idle_timeout: 50 } }
  },
  'no headers in time, where that may be tried again': {
    answer: () => {}, status: 504, type: 'timeout_error', config: { claude: { headers_timeout: 50, retry_timeouts: true } }, attempts: 3
  },
  'headers, then silence, which is never tried again': {
    answer: (socket) => socket.write(STREAM_HEAD), status: 504, type: 'timeout_error', config: { claude: { idle_timeout: 50, retry_timeouts: true } }
  },
  'a stream closed before its first event': { answer: (socket) => socket.end(STREAM_HEAD) },
  'a stream reset inside its first event': { answer: (socket) => socket.write(Buffer.concat([Buffer.from(STREAM_HEAD), chunk(MESSAGE_START.slice(0, 50))]), () => socket.resetAndDestroy()) },
  'a JSON answer shorter than its length': {
    answer: (socket) => socket.end(head('200 OK', 'content-type: application/json', 'content-length: 100') + '{"type":"message"')
  },
  'a chunked JSON answer without its end': {
    answer: (socket) => socket.end(head('200 OK', 'content-type: application/json', 'transfer-encoding: chunked') + chunk('{"type":"message"').toString())
  },
  'a broken chunk length': {
    answer: (socket) => socket.end(head('200 OK', 'content-type: application/json', 'transfer-encoding: chunked') + 'zz\r\n{}\r\n0\r\n\r\n')
  },
  'an answer in HTML': { answer: (socket) => socket.write(head('200 OK', 'content-type: text/html', 'content-length: 13') + '<p>hello</p>\n') },
  'an answer of no type': { answer: (socket) => socket.write(head('200 OK', 'content-length: 2') + '{}') },
  'an empty answer': { answer: (socket) => socket.write(head('204 No Content')) },
  'a redirect': { answer: (socket) => socket.write(head('302 Found', 'location: http://127.0.0.1:9/elsewhere', 'content-length: 0')) },
  'a switch of protocols': { answer: (socket) => socket.end(head('101 Switching Protocols', 'upgrade: made-up', 'connection: upgrade')), attempts: 3 },
  'lengths that differ': {
    answer: (socket) => socket.end(head('200 OK', 'content-type: application/json', 'content-length: 2', 'content-length: 3') + '{}'),
    attempts: 3
  }
}

for (const [name, { answer, status = 502, type = 'api_error', config, attempts = 1 }] of Object.entries(FAULTS)) {
  t.test(name, async (t) => {
    const upstream = await startRawUpstream(t, answer)
    const gateway = await startGateway(t, upstream.url, config)
    for (const body of [messages(), STREAMING]) isEnvelope(t, await send(gateway.url, { headers: gateway.headers, body }), status, type)
    await nothingIsLeft(t, gateway)
    t.equal(upstream.requests.length, 2 * attempts, 'each request was sent as often as it may be')
    t.equal(gateway.app.keyPool.stats().keys[0]?.is_healthy, true, 'the key is not blamed')
  })
}

t.test('nobody listens', async (t) => {
  const gateway = await startGateway(t, 'http://127.0.0.1:1')
  const answer = await send(gateway.url, { headers: gateway.headers, body: STREAMING })
  isEnvelope(t, answer, 502, 'api_error')
  t.notMatch(answer.body.toString(), /127\.0\.0\.1/, 'no address is told')
  await nothingIsLeft(t, gateway)
})

t.test('an answer compressed against our wish is passed on as it is', async (t) => {
  const body = gzipSync('{"type":"message"}')
  const upstream = await startRawUpstream(t, (socket) => {
    socket.write(head('200 OK', 'content-type: application/json', 'content-encoding: gzip', `content-length: ${body.length}`))
    socket.write(body)
  })
  const gateway = await startGateway(t, upstream.url)
  const answer = await send(gateway.url, { headers: gateway.headers, body: messages() })
  t.equal(answer.headers['content-encoding'], 'gzip')
  t.ok(answer.body.equals(body))
  t.match(upstream.requests[0], /accept-encoding: identity/i)
})

t.test('an interim answer is not taken for the answer', async (t) => {
  const upstream = await startRawUpstream(t, (socket) => {
    socket.write(head('103 Early Hints', 'link: </made-up>') + head('200 OK', 'content-type: application/json', 'content-length: 2') + '{}')
  })
  const gateway = await startGateway(t, upstream.url)
  const answer = await send(gateway.url, { headers: gateway.headers, body: messages() })
  t.equal(answer.status, 200)
  t.equal(answer.body.toString(), '{}')
})

t.test('bytes behind the answer reach nobody', async (t) => {
  const upstream = await startRawUpstream(t, (socket) => {
    const whole = head('200 OK', 'content-type: application/json', 'transfer-encoding: chunked') + chunk('{}').toString() + LAST_CHUNK
    socket.write(whole + head('200 OK', 'content-type: application/json', 'content-length: 8') + '{"b":12}')
  })
  const gateway = await startGateway(t, upstream.url)
  for (let i = 0; i < 3; i++) {
    const answer = await send(gateway.url, { headers: gateway.headers, body: messages() })
    t.equal(answer.body.toString(), '{}')
  }
  await nothingIsLeft(t, gateway)
})
