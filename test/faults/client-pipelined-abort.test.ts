import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { RawClient, rawPost } from '../helpers/raw-client.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { until } from '../helpers/until.ts'
import { MESSAGE_START, SSE_HEADERS, startUpstream } from '../helpers/upstream.ts'

t.test('a client that leaves with requests still queued on its connection ends them all', async (t) => {
  let open = 0
  const upstream = await startUpstream(t, (res) => {
    open++
    res.once('close', () => open--)
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
  })
  const gateway = await startGateway(t, upstream.url)
  const client = new RawClient(t, gateway.port)
  client.write(rawPost(gateway.token, STREAMING).repeat(3))
  await until(() => open === 3, 'three requests to run')
  await client.has('message_start')

  client.socket.destroy()
  await until(() => open === 0, 'the upstream requests to end')
  await settled(gateway.app)
  t.equal(gateway.app.exchanges.size, 0)
})
