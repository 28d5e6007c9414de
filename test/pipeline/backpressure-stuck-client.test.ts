import t from 'tap'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { startGateway } from '../helpers/gateway.ts'
import { rawPost } from '../helpers/raw-client.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { MESSAGE_START, SSE_HEADERS, startUpstream, textDelta } from '../helpers/upstream.ts'

const MIB = 1_048_576

t.test('for a client that never reads, at most 1 MiB is held; then it is dropped and the upstream with it', async (t) => {
  const offer = textDelta('x'.repeat(MIB))
  const upstreamClosed = Promise.withResolvers<void>()
  const upstream = await startUpstream(t, (res) => {
    res.once('close', upstreamClosed.resolve)
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    for (let i = 0; i < 50; i++) res.write(offer)
    res.end()
  })
  const gateway = await startGateway(t, upstream.url, { server: { stall_timeout: 200 }, log: { level: 'info' } })

  let taken = 0
  let mostHeld = 0
  let serverSide: Socket | undefined
  gateway.app.server.once('connection', (socket: Socket) => { serverSide = socket })
  const measure = (message: unknown): void => {
    taken += (message as { chunk: Buffer }).chunk.length
    // What was read from upstream and not yet handed to the kernel; looked at whenever it can have grown.
    const handedOver = serverSide!.bytesWritten - serverSide!.writableLength
    mostHeld = Math.max(mostHeld, taken - handedOver, serverSide!.writableLength)
  }
  subscribe('undici:request:bodyChunkReceived', measure)
  t.teardown(() => unsubscribe('undici:request:bodyChunkReceived', measure))

  const client = connect(gateway.port, '127.0.0.1')
  t.teardown(() => client.destroy())
  client.on('error', () => {})
  client.pause()
  client.write(rawPost(gateway.token, STREAMING))

  await upstreamClosed.promise
  await settled(gateway.app)
  t.ok(mostHeld > 0 && mostHeld <= MIB, `${mostHeld} bytes were held`)
  t.ok(taken < 50 * MIB, `the upstream was paused: ${taken} bytes were read of it`)
  const line = gateway.log.map((line) => JSON.parse(line) as Record<string, unknown>).find((line) => line['msg'] === 'request' && line['outcome'] !== null)
  t.equal(line?.['outcome'], 'client_stalled')
  client.resume()
  if (!client.closed) await once(client, 'close')
})
