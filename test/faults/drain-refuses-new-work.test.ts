import t from 'tap'
import type { ServerResponse } from 'node:http'
import { ADMIN_KEY, startGateway } from '../helpers/gateway.ts'
import { Exchange, send } from '../helpers/raw-client.ts'
import { messages, settled, STREAMING } from '../helpers/settled.ts'
import { MESSAGE_END, MESSAGE_START, SSE_HEADERS, startUpstream } from '../helpers/upstream.ts'
import { isEnvelope } from './expect.ts'

t.test('while draining, new connections are told to come back and the running stream finishes', async (t) => {
  const answering = Promise.withResolvers<ServerResponse>()
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    answering.resolve(res)
  })
  const gateway = await startGateway(t, upstream.url)
  const running = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })
  await running.has('message_start')
  const drained = gateway.app.drain.start()

  const ready = await send(gateway.url, { method: 'GET', path: '/ready' })
  t.equal(ready.status, 503)
  t.match(JSON.parse(ready.body.toString()), { status: 'not_ready', reason: /shutting down/ })
  t.equal((await send(gateway.url, { method: 'GET', path: '/health' })).status, 200)

  const refused = await send(gateway.url, { headers: gateway.headers, body: messages() })
  isEnvelope(t, refused, 503, 'overloaded_error')
  t.equal(refused.headers['retry-after'], '5')
  t.equal(refused.headers.connection, 'close')

  const admin = await send(gateway.url, { method: 'GET', path: '/api/token/list', headers: { 'x-admin-key': ADMIN_KEY } })
  t.equal(admin.status, 503)
  t.match(JSON.parse(admin.body.toString()), { error: { code: 'shutting_down', message: /\S/ } })
  t.equal(admin.headers['retry-after'], '5')

  const answer = await answering.promise
  answer.end(MESSAGE_END)
  const { body, whole } = await running.done
  t.equal(body.toString(), MESSAGE_START + MESSAGE_END)
  t.ok(whole)
  await drained
  await settled(gateway.app)
  t.equal(upstream.seen.length, 1)
})
