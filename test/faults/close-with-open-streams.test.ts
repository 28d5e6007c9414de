import t from 'tap'
import { connect, type Socket } from 'node:net'
import { startGateway } from '../helpers/gateway.ts'
import { Exchange, rawPost } from '../helpers/raw-client.ts'
import { STREAMING } from '../helpers/settled.ts'
import { until } from '../helpers/until.ts'
import { MESSAGE_START, SSE_HEADERS, startUpstream, textDelta } from '../helpers/upstream.ts'
import { endsWithErrorEvent, isEnvelope } from './expect.ts'

t.test('closing ends what runs: a stream, a request that waits, and a client that does not read', async (t) => {
  const upstream = await startUpstream(t, (res, { body }) => {
    const { wait, fill } = JSON.parse(body.toString()) as { wait?: boolean, fill?: boolean }
    if (wait === true) return
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    if (fill === true) for (let i = 0; i < 20; i++) res.write(textDelta('x'.repeat(1_048_576)))
  })
  const gateway = await startGateway(t, upstream.url)
  const stream = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })
  await stream.has('message_start')
  const waiting = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING.replace('{', '{"wait":true,') })
  await until(() => upstream.seen.length === 2, 'the second request to arrive')

  let stuckSide: Socket | undefined
  gateway.app.server.once('connection', (socket: Socket) => { stuckSide = socket })
  const stuck = connect(gateway.port, '127.0.0.1')
  t.teardown(() => stuck.destroy())
  stuck.on('error', () => {})
  stuck.pause()
  stuck.write(rawPost(gateway.token, STREAMING.replace('{', '{"fill":true,')))
  await until(() => stuckSide?.writableNeedDrain === true, 'the gateway to wait for the client')

  await gateway.app.close()
  endsWithErrorEvent(t, await stream.done, 'overloaded_error')
  isEnvelope(t, await waiting.done, 503, 'overloaded_error')
  t.equal(gateway.app.exchanges.size, 0)
  t.equal(gateway.app.keyPool.leases, 0)
  t.ok(stuckSide?.destroyed)
})
