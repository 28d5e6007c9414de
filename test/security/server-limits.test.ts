import t from 'tap'
import type { Server } from 'node:http'
import { PassThrough } from 'node:stream'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { refuseBrokenRequest } from '../../src/plugins/broken-request.ts'
import { startGateway } from '../helpers/gateway.ts'

t.test('a client has bounded time to send its headers and its body, and an answer has not', async (t) => {
  const { app } = await startGateway(t, 'http://127.0.0.1:9')
  const server = app.server as Server
  t.equal(server.headersTimeout, 15_000)
  t.equal(server.requestTimeout, 3_600_000, 'time for the largest file; ordinary bodies have less, see body-deadline')
  t.equal(server.timeout, 0, 'a quiet stream is not cut')
  t.ok(server.keepAliveTimeout >= 60_000, 'a proxy in front closes idle connections first')
})

t.test('who takes too long is told 408 in JSON', async (t) => {
  const socket = new PassThrough()
  refuseBrokenRequest(Object.assign(new Error('made up'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket as unknown as Socket)
  const text = (await socket.toArray()).join('')
  t.match(text, /^HTTP\/1\.1 408 Request Timeout\r\n/)
  t.match(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)), { type: 'error', error: { type: 'timeout_error' } })
})

t.test('and then the connection is closed, even if the client never closes its side', async (t) => {
  const server = createServer({ allowHalfOpen: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => client.destroy())
  client.on('error', () => {})
  client.resume()
  const [socket] = await once(server, 'connection') as [Socket]
  refuseBrokenRequest(Object.assign(new Error('made up'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket)
  await once(socket, 'close')
  t.pass()
})
