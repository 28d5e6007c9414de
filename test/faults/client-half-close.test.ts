import t from 'tap'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { startGateway } from '../helpers/gateway.ts'
import { RawClient, rawPost } from '../helpers/raw-client.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { MESSAGE_START, SSE_HEADERS, startUpstream } from '../helpers/upstream.ts'

// Node's server takes a client that has closed its sending side for one that has left. No HTTP client of note half-closes.
t.test('a client that closes its sending side is taken to have left', async (t) => {
  const answering = Promise.withResolvers<ServerResponse>()
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    answering.resolve(res)
  })
  const gateway = await startGateway(t, upstream.url)
  const client = new RawClient(t, gateway.port)
  client.write(rawPost(gateway.token, STREAMING))
  const closed = once(await answering.promise, 'close')
  await client.has('message_start')

  client.socket.end()
  await closed
  await settled(gateway.app)
  t.notMatch(await client.end(), /message_stop/)
})
