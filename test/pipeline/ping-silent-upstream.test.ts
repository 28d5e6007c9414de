import t from 'tap'
import type { ServerResponse } from 'node:http'
import { TICK } from '../../src/plugins/exchanges.ts'
import { startGateway } from '../helpers/gateway.ts'
import { Exchange } from '../helpers/raw-client.ts'
import { STREAMING } from '../helpers/settled.ts'
import { MESSAGE_END, MESSAGE_START, SSE_HEADERS, startUpstream, textDelta } from '../helpers/upstream.ts'

const PING = 'event: ping\ndata: {"type": "ping"}\n\n'

t.test('while the upstream is silent between two events, the client is sent pings', async (t) => {
  const answering = Promise.withResolvers<ServerResponse>()
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    answering.resolve(res)
  })
  const gateway = await startGateway(t, upstream.url, { server: { ping_interval: 2 * TICK } })
  const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })
  const res = await answering.promise
  await exchange.has(MESSAGE_START)

  gateway.app.exchanges.tick()
  gateway.app.exchanges.tick()
  await exchange.has(MESSAGE_START + PING)

  const half = textDelta('half').slice(0, 40)
  res.write(textDelta('whole') + half)
  await exchange.has(textDelta('whole'))
  for (let beat = 0; beat < 10; beat++) gateway.app.exchanges.tick()
  res.end(textDelta('half').slice(40) + MESSAGE_END)

  const body = (await exchange.done).body.toString()
  t.equal(body.replaceAll(PING, ''), MESSAGE_START + textDelta('whole') + textDelta('half') + MESSAGE_END, 'without the pings, the stream is as it was sent')
  t.ok(body.includes(textDelta('half')), 'the event sent in two halves is whole')
})

t.test('before the first event the client is sent nothing', async (t) => {
  const answering = Promise.withResolvers<ServerResponse>()
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.flushHeaders()
    answering.resolve(res)
  })
  const gateway = await startGateway(t, upstream.url, { server: { ping_interval: TICK } })
  const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })
  const res = await answering.promise
  for (let beat = 0; beat < 10; beat++) gateway.app.exchanges.tick()
  res.end(MESSAGE_START + MESSAGE_END)
  t.equal((await exchange.done).body.toString(), MESSAGE_START + MESSAGE_END)
})
