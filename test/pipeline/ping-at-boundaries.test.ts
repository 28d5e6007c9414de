import t, { type Test } from 'tap'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ClientSink } from '../../src/upstreams/client-sink.ts'
import { Exchange } from '../helpers/raw-client.ts'
import { CRLF_FIXTURE, FIXTURE } from './fixture.ts'
import { JSON_BODY, STREAM } from './stages.ts'

const PING = 'event: ping\ndata: {"type": "ping"}\n\n'

/** A sink before a real response, told to ping after every quiet beat. */
async function startSink (t: Test): Promise<{ sink: ClientSink, exchange: Exchange }> {
  const response = Promise.withResolvers<ServerResponse>()
  const server = createServer((_req, res) => response.resolve(res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const exchange = new Exchange(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {})
  const sink = new ClientSink(await response.promise, {
    envelope: 'anthropic', requestId: 'req_made_up', stallTimeout: 60_000, quietTicks: 1, trace: null, onClose () {}, onStart () {}
  })
  return { sink, exchange }
}

for (const [name, text] of [['LF', FIXTURE], ['CRLF', CRLF_FIXTURE]] as const) {
  t.test(`a ping goes between two events and never into one, ${name}`, async (t) => {
    const { sink, exchange } = await startSink(t)
    sink.start(200, STREAM)
    for (const byte of Buffer.from(text)) {
      sink.data(Buffer.of(byte))
      sink.tick()
    }
    sink.end()
    const body = (await exchange.done).body.toString()
    const blank = name === 'LF' ? '\n\n' : '\r\n\r\n'
    t.equal(body.replaceAll(PING, ''), text.replaceAll(PING, ''), 'the stream itself is unchanged')
    const parts = body.split(PING)
    t.ok(parts.length > 10, 'pings were sent')
    t.ok(parts.slice(0, -1).every((part) => part === '' || part.endsWith(blank)), 'each behind a blank line')
  })
}

t.test('no ping before the answer has begun', async (t) => {
  const { sink, exchange } = await startSink(t)
  sink.tick()
  sink.tick()
  sink.start(200, STREAM)
  sink.data(Buffer.from('event: message_stop\ndata: {}\n\n'))
  sink.end()
  t.equal((await exchange.done).body.toString(), 'event: message_stop\ndata: {}\n\n')
})

t.test('no ping in an answer that is not a stream', async (t) => {
  const { sink, exchange } = await startSink(t)
  sink.start(200, JSON_BODY)
  sink.tick()
  sink.data(Buffer.from('{}\n\n'))
  sink.tick()
  sink.end()
  t.equal((await exchange.done).body.toString(), '{}\n\n')
})

t.test('no ping behind the end', async (t) => {
  const { sink, exchange } = await startSink(t)
  sink.start(200, STREAM)
  sink.data(Buffer.from('event: message_stop\ndata: {}\n\n'))
  sink.end()
  sink.tick()
  t.equal((await exchange.done).body.toString(), 'event: message_stop\ndata: {}\n\n')
})

t.test('no ping while the client is not reading', async (t) => {
  const { sink, exchange } = await startSink(t)
  sink.start(200, STREAM)
  const chunk = Buffer.from(`data: ${'x'.repeat(1_048_576)}\n\n`)
  t.equal(sink.data(chunk), false, 'the chunk does not fit')
  sink.tick()
  sink.tick()
  sink.end()
  t.ok((await exchange.done).body.equals(chunk))
})
