import t from 'tap'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { startGateway } from '../helpers/gateway.ts'
import { Exchange } from '../helpers/raw-client.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { MESSAGE_START, SSE_HEADERS, startUpstream } from '../helpers/upstream.ts'

t.test('a client that leaves in the middle of a stream ends the upstream request', async (t) => {
  const answering = Promise.withResolvers<ServerResponse>()
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    answering.resolve(res)
  })
  const gateway = await startGateway(t, upstream.url, { log: { level: 'info' } })
  const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })
  const closed = once(await answering.promise, 'close')
  await exchange.has(MESSAGE_START)

  exchange.leave()
  await closed
  await settled(gateway.app)
  const line = JSON.parse(gateway.log.at(-1)!) as Record<string, unknown>
  t.match(line, { msg: 'request', outcome: 'client_closed', status: 200, inputTokens: 25 })
})
