import t from 'tap'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { ADMIN_KEY, startGateway } from '../helpers/gateway.ts'
import { messages, settled, STREAMING } from '../helpers/settled.ts'
import { MESSAGE_END, MESSAGE_START, SSE_HEADERS, startUpstream, textDelta } from '../helpers/upstream.ts'
import { noNginx, startNginx, TlsExchange } from './nginx.ts'

// The real nginx, with the configuration that is shipped, between a client and the real gateway.

const options = { skip: noNginx }
const TRUSTED = { server: { trust_proxy: ['127.0.0.1'] } }

t.test('an event reaches the client before the next one is sent', options, async (t) => {
  const answering = Promise.withResolvers<ServerResponse>()
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    answering.resolve(res)
  })
  const gateway = await startGateway(t, upstream.url, TRUSTED)
  const exchange = new TlsExchange(await startNginx(t, gateway.url), { headers: gateway.headers, body: STREAMING })
  const res = await answering.promise
  await exchange.has('message_start')
  for (const word of ['one', 'two', 'three']) {
    const sent = performance.now()
    res.write(textDelta(word))
    await exchange.has(`"${word}"`)
    t.comment(`sent and received within ${(performance.now() - sent).toFixed(1)} ms`)
  }
  res.end(MESSAGE_END)
  t.match(await exchange.done, { status: 200, whole: true, text: /event: message_stop/ })
})

t.test('a body of 30 MB passes', options, async (t) => {
  const upstream = await startUpstream(t, (res) => res.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
  const gateway = await startGateway(t, upstream.url, TRUSTED)
  const body = messages({ messages: [{ role: 'user', content: 'x'.repeat(30 * 1024 * 1024) }] })
  const port = await startNginx(t, gateway.url)
  t.match(await new TlsExchange(port, { headers: { ...gateway.headers, 'content-length': body.length }, body }).done, { status: 200 })
  t.equal(upstream.seen[0]!.body.length, body.length)
})

t.test('a stream that is quiet for longer than nginx waits lives on pings', options, async (t) => {
  const answering = Promise.withResolvers<ServerResponse>()
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    answering.resolve(res)
  })
  const gateway = await startGateway(t, upstream.url, { server: { ...TRUSTED.server, ping_interval: 1_000 } })
  const exchange = new TlsExchange(await startNginx(t, gateway.url, { readTimeout: '3s' }), { headers: gateway.headers, body: STREAMING })
  const res = await answering.promise
  // One ping a second: five of them are longer than three seconds.
  await exchange.has('event: ping', 5)
  res.end(MESSAGE_END)
  t.match(await exchange.done, { whole: true, text: /event: message_stop/ })
})

t.test('without pings nginx would have cut it', options, async (t) => {
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
  })
  const gateway = await startGateway(t, upstream.url, TRUSTED)
  const port = await startNginx(t, gateway.url, { readTimeout: '1s' })
  t.match(await new TlsExchange(port, { headers: gateway.headers, body: STREAMING }).done, { whole: false })
  await settled(gateway.app)
})

t.test('the limits on guessing see the client\'s own address, whatever it writes into X-Forwarded-For', options, async (t) => {
  const gateway = await startGateway(t, 'http://127.0.0.1:9', TRUSTED)
  const port = await startNginx(t, gateway.url)
  const guess = async (localAddress: string, forged: string) => (await new TlsExchange(port, {
    localAddress, method: 'GET', path: '/v1/models', headers: { authorization: 'Bearer made-up', 'x-forwarded-for': forged }
  }).done).status
  for (let n = 0; n < 60; n++) t.equal(await guess('127.0.0.2', `10.0.0.${n}`), 401)
  t.equal(await guess('127.0.0.2', '10.0.1.1'), 429, 'sixty are enough, each from another forged address')
  t.equal(await guess('127.0.0.3', '127.0.0.2'), 401, 'somebody else pays nothing for it')
})

t.test('a proxy that is not trusted speaks for nobody but itself', options, async (t) => {
  const gateway = await startGateway(t, 'http://127.0.0.1:9')
  const port = await startNginx(t, gateway.url)
  const guess = async (localAddress: string) => (await new TlsExchange(port, {
    localAddress, method: 'GET', path: '/v1/models', headers: { authorization: 'Bearer made-up' }
  }).done).status
  for (let n = 0; n < 60; n++) await guess('127.0.0.2')
  t.equal(await guess('127.0.0.3'), 429)
})

t.test('the operator\'s side is closed from outside, the token\'s holder\'s is not', options, async (t) => {
  const gateway = await startGateway(t, 'http://127.0.0.1:9', TRUSTED)
  const port = await startNginx(t, gateway.url)
  const headers = { ...gateway.headers, 'x-admin-key': ADMIN_KEY }
  for (const path of ['/api/token/list', '/api/keys/stats', '/api/session/list', '/api/session/add', '//api/token/list', '/v1/../api/token/list', '/%61pi/token/list']) {
    t.equal((await new TlsExchange(port, { method: path.endsWith('add') ? 'POST' : 'GET', path, headers }).done).status, 403, path)
  }
  t.match(await new TlsExchange(port, { method: 'GET', path: '/api/token/info', headers }).done, { status: 200 })
  t.match(await new TlsExchange(port, { method: 'HEAD', path: '/api/hello' }).done, { status: 200 })
  t.match(await new TlsExchange(port, { method: 'GET', path: '/health' }).done, { status: 200 })
})

t.test('a client that leaves ends its request upstream', options, async (t) => {
  const answering = Promise.withResolvers<ServerResponse>()
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    answering.resolve(res)
  })
  const gateway = await startGateway(t, upstream.url, TRUSTED)
  const exchange = new TlsExchange(await startNginx(t, gateway.url), { headers: gateway.headers, body: STREAMING })
  const closed = once(await answering.promise, 'close')
  await exchange.has('message_start')
  exchange.req.destroy()
  await closed
  await settled(gateway.app)
  t.pass('it ended')
})
