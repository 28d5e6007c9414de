import t from 'tap'
import type { ServerResponse } from 'node:http'
import { startGateway } from '../helpers/gateway.ts'
import { Exchange, send } from '../helpers/raw-client.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { MESSAGE_END, MESSAGE_START, SSE_HEADERS, startUpstream } from '../helpers/upstream.ts'
import { isEnvelope } from './expect.ts'

t.test('with all upstream connections in use one more request is told to come back', async (t) => {
  const answering = Promise.withResolvers<ServerResponse>()
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    answering.resolve(res)
  })
  const gateway = await startGateway(t, upstream.url, { claude: { max_connections: 1 } })
  const first = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })
  const res = await answering.promise

  const second = await send(gateway.url, { headers: gateway.headers, body: STREAMING })
  isEnvelope(t, second, 529, 'overloaded_error')
  t.equal(second.headers['retry-after'], '1')

  res.end(MESSAGE_END)
  t.ok((await first.done).whole)
  await settled(gateway.app)
  t.equal(upstream.seen.length, 1)
})

t.test('a request that was given up frees its place', async (t) => {
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    if (upstream.seen.length > 1) res.end(MESSAGE_END)
  })
  const gateway = await startGateway(t, upstream.url, { claude: { max_connections: 1 } })
  const first = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })
  await first.has('message_start')
  first.leave()
  await settled(gateway.app)
  t.equal((await send(gateway.url, { headers: gateway.headers, body: STREAMING })).body.toString(), MESSAGE_START + MESSAGE_END)
})
