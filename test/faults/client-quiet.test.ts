import t from 'tap'
import { connect, type Socket } from 'node:net'
import { startGateway } from '../helpers/gateway.ts'
import { RawClient, rawPost } from '../helpers/raw-client.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { until } from '../helpers/until.ts'
import { MESSAGE_END, MESSAGE_START, SSE_HEADERS, startUpstream, textDelta } from '../helpers/upstream.ts'

t.test('a client that only listens is not taken to have left', async (t) => {
  const finish = Promise.withResolvers<void>()
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    finish.promise.then(() => res.end(MESSAGE_END), () => {})
  })
  const gateway = await startGateway(t, upstream.url)
  const client = new RawClient(t, gateway.port)
  client.write(rawPost(gateway.token, STREAMING, ['connection: close']))
  await client.has('message_start')
  gateway.app.exchanges.tick()
  t.equal(gateway.app.apiUpstream.running, 1)
  finish.resolve()
  t.match(await client.end(), /event: message_stop[^]*\r\n0\r\n\r\n$/)
  await settled(gateway.app)
})

t.test('a client that pauses for a while gets the rest when it reads on', async (t) => {
  const part = textDelta('x'.repeat(1_048_576))
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    for (let i = 0; i < 20; i++) res.write(part)
    res.end(MESSAGE_END)
  })
  const gateway = await startGateway(t, upstream.url)
  let serverSide: Socket | undefined
  gateway.app.server.once('connection', (socket: Socket) => { serverSide = socket })
  const client = connect(gateway.port, '127.0.0.1')
  t.teardown(() => client.destroy())
  client.pause()
  client.write(rawPost(gateway.token, STREAMING, ['connection: close']))
  await until(() => serverSide?.writableNeedDrain === true, 'the gateway to wait for the client')
  gateway.app.exchanges.tick()

  let length = 0
  let tail = ''
  client.on('data', (chunk: Buffer) => {
    length += chunk.length
    tail = (tail + chunk.toString('latin1')).slice(-100)
  })
  client.resume()
  await until(() => client.closed, 'the answer to end')
  t.ok(length > 20 * part.length, 'all of it came')
  t.match(tail, /event: message_stop[^]*0\r\n\r\n$/)
})
