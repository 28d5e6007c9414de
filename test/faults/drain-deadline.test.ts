import t from 'tap'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { startGateway } from '../helpers/gateway.ts'
import { Exchange } from '../helpers/raw-client.ts'
import { STREAMING } from '../helpers/settled.ts'
import { MESSAGE_START, SSE_HEADERS, startUpstream } from '../helpers/upstream.ts'
import { endsWithErrorEvent, nothingIsLeft } from './expect.ts'

t.test('a stream that still runs at the deadline of the drain ends with an error event', async (t) => {
  const answering = Promise.withResolvers<ServerResponse>()
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    answering.resolve(res)
  })
  const gateway = await startGateway(t, upstream.url, { server: { drain_timeout: 50 } })
  const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })
  const upstreamClosed = once(await answering.promise, 'close')
  await exchange.has('message_start')

  await gateway.app.drain.start()
  endsWithErrorEvent(t, await exchange.done, 'overloaded_error')
  await upstreamClosed
  await nothingIsLeft(t, gateway)
})
