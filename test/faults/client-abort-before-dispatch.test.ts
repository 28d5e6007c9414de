import t from 'tap'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { startGateway } from '../helpers/gateway.ts'
import { Exchange } from '../helpers/raw-client.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { until } from '../helpers/until.ts'

t.test('a client that leaves while the connection to the upstream is being made holds no key, and its request is never sent', async (t) => {
  // An upstream that never answers the TLS handshake: the request waits for a connection.
  const connected = Promise.withResolvers<Socket>()
  let bytes = 0
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => { bytes += chunk.length })
    connected.resolve(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const gateway = await startGateway(t, `https://127.0.0.1:${(server.address() as AddressInfo).port}`, { claude: { connect_timeout: 30_000 } })

  const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })
  const socket = await connected.promise
  await until(() => bytes > 0, 'the handshake to begin')
  t.equal(gateway.app.apiUpstream.running, 1)
  t.equal(gateway.app.keyPool.leases, 1)

  exchange.leave()
  await until(() => gateway.app.keyPool.leases === 0 && gateway.app.exchanges.size === 0, 'the key to be given back')
  t.equal(gateway.app.apiUpstream.running, 1, 'its body is held until the connection is there or not, so it goes on counting')
  const hello = bytes
  socket.destroy()
  if (!socket.closed) await once(socket, 'close')
  await settled(gateway.app)
  t.equal(bytes, hello, 'nothing of the request was ever sent')
  t.equal(gateway.app.keyPool.stats().keys[0]?.error_count, 0, 'the key is not blamed')
})
