import t from 'tap'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { startGateway } from '../helpers/gateway.ts'
import { rawPost } from '../helpers/raw-client.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { until } from '../helpers/until.ts'
import { MESSAGE_START, SSE_HEADERS, startUpstream, textDelta } from '../helpers/upstream.ts'

t.test('a client that leaves while it is not reading ends the upstream request', async (t) => {
  const answering = Promise.withResolvers<ServerResponse>()
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    for (let i = 0; i < 50; i++) res.write(textDelta('x'.repeat(1_048_576)))
    answering.resolve(res)
  })
  const gateway = await startGateway(t, upstream.url)
  let serverSide: Socket | undefined
  gateway.app.server.once('connection', (socket: Socket) => { serverSide = socket })

  const client = connect(gateway.port, '127.0.0.1')
  client.on('error', () => {})
  client.pause()
  client.write(rawPost(gateway.token, STREAMING))
  const closed = once(await answering.promise, 'close')
  await until(() => serverSide?.writableNeedDrain === true, 'the gateway to wait for the client')

  client.destroy()
  await closed
  await settled(gateway.app)
  t.ok(serverSide?.destroyed)
})
