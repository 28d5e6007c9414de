import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { chunk, head, LAST_CHUNK, startRawUpstream, STREAM_HEAD } from '../helpers/raw-upstream.ts'
import { send } from '../helpers/raw-client.ts'
import { STREAMING } from '../helpers/settled.ts'
import { event, MESSAGE_END, MESSAGE_START, wholeStream } from '../helpers/upstream.ts'
import { nothingIsLeft } from './expect.ts'

// Streams that are odd and yet whole: each passes as it came, and ends as it ended.

const OVERLOADED = event('error', { error: { type: 'overloaded_error', message: 'Overloaded' } })

const STREAMS: Record<string, string> = {
  'an error event first': OVERLOADED,
  'an error event in the middle': MESSAGE_START + OVERLOADED,
  'two ends': wholeStream('hi') + event('message_stop'),
  'events behind the end': wholeStream('hi') + 'event: ping\ndata: {"type": "ping"}\n\n',
  'a ping first': 'event: ping\ndata: {"type": "ping"}\n\n' + wholeStream('hi'),
  'a comment first': ': hello\n\n' + wholeStream('hi'),
  'a byte order mark': '\ufeff' + wholeStream('hi'),
  'a first event larger than what is held back': event('message_start', { padding: 'x'.repeat(400_000) }) + MESSAGE_END,
  'an empty data line': `event: nothing\ndata:\n\n${wholeStream('hi')}`
}

for (const [name, text] of Object.entries(STREAMS)) {
  t.test(name, async (t) => {
    const upstream = await startRawUpstream(t, (socket) => {
      socket.write(Buffer.concat([Buffer.from(STREAM_HEAD), chunk(text), Buffer.from(LAST_CHUNK)]))
    })
    const gateway = await startGateway(t, upstream.url)
    const answer = await send(gateway.url, { headers: gateway.headers, body: STREAMING })
    t.equal(answer.status, 200)
    t.ok(answer.whole)
    t.equal(answer.body.toString(), text)
    await nothingIsLeft(t, gateway)
  })
}

t.test('one byte a write', async (t) => {
  const text = wholeStream('one byte at a time, é')
  const upstream = await startRawUpstream(t, (socket) => {
    socket.setNoDelay(true)
    for (const byte of Buffer.concat([Buffer.from(STREAM_HEAD), chunk(text), Buffer.from(LAST_CHUNK)])) socket.write(Buffer.of(byte))
  })
  const gateway = await startGateway(t, upstream.url)
  const answer = await send(gateway.url, { headers: gateway.headers, body: STREAMING })
  t.equal(answer.body.toString(), text)
})

t.test('one chunk a byte, with extensions and trailers', async (t) => {
  const text = wholeStream('é')
  const upstream = await startRawUpstream(t, (socket) => {
    socket.write(STREAM_HEAD)
    for (const byte of Buffer.from(text)) socket.write(Buffer.concat([Buffer.from('1;made=up\r\n'), Buffer.of(byte), Buffer.from('\r\n')]))
    socket.write('0\r\nx-trailer: made up\r\n\r\n')
  })
  const gateway = await startGateway(t, upstream.url)
  const answer = await send(gateway.url, { headers: gateway.headers, body: STREAMING })
  t.ok(answer.whole)
  t.equal(answer.body.toString(), text)
})

t.test('a stream framed by a length', async (t) => {
  const text = wholeStream('hi')
  const upstream = await startRawUpstream(t, (socket) => {
    socket.write(head('200 OK', 'content-type: text/event-stream', `content-length: ${Buffer.byteLength(text)}`) + text)
  })
  const gateway = await startGateway(t, upstream.url)
  const answer = await send(gateway.url, { headers: gateway.headers, body: STREAMING })
  t.ok(answer.whole)
  t.equal(answer.body.toString(), text)
  t.notOk('content-length' in answer.headers, 'a ping may be added, so no length is promised')
})

t.test('a stream framed by the connection\'s end', async (t) => {
  const text = wholeStream('hi')
  const upstream = await startRawUpstream(t, (socket) => socket.end(head('200 OK', 'content-type: text/event-stream', 'connection: close') + text))
  const gateway = await startGateway(t, upstream.url)
  const answer = await send(gateway.url, { headers: gateway.headers, body: STREAMING })
  t.ok(answer.whole)
  t.equal(answer.body.toString(), text)
})
