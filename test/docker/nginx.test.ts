import t from 'tap'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, type ServerResponse } from 'node:http'
import { connect } from 'node:http2'
import { join } from 'node:path'
import { ADMIN_KEY, startGateway } from '../helpers/gateway.ts'
import { send } from '../helpers/raw-client.ts'
import { messages, settled, STREAMING } from '../helpers/settled.ts'
import { parseEvents } from '../helpers/sse.ts'
import { until } from '../helpers/until.ts'
import { MESSAGE_END, MESSAGE_START, SSE_HEADERS, startUpstream, textDelta } from '../helpers/upstream.ts'
import { listening } from '../simulator/helpers.ts'
import { CERT, noNginx, startNginx, TlsExchange } from './nginx.ts'

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

t.test('X-Forwarded-For is replaced, not appended to: also a client whose own address is trusted forges none', options, async (t) => {
  const gateway = await startGateway(t, 'http://127.0.0.1:9', { server: { trust_proxy: ['127.0.0.0/8'] } })
  const port = await startNginx(t, gateway.url)
  const guess = async (forged: string) => (await new TlsExchange(port, {
    localAddress: '127.0.0.2', method: 'GET', path: '/v1/models', headers: { authorization: 'Bearer made-up', 'x-forwarded-for': forged }
  }).done).status
  for (let n = 0; n < 60; n++) await guess(`10.0.0.${n}`)
  t.equal(await guess('10.0.1.1'), 429)
})

t.test('whoever asks the gateway itself is believed nothing about addresses, though nginx is', options, async (t) => {
  const gateway = await startGateway(t, 'http://127.0.0.1:9', TRUSTED)
  const guess = async (localAddress: string, forged: string) => (await send(gateway.url, {
    method: 'GET', path: '/v1/models', headers: { authorization: 'Bearer made-up', 'x-forwarded-for': forged }, agent: new Agent({ localAddress })
  })).status
  for (let n = 0; n < 60; n++) t.equal(await guess('127.0.0.9', `10.0.0.${n}`), 401)
  t.equal(await guess('127.0.0.9', '10.0.1.1'), 429)
  t.equal(await guess('127.0.0.1', '10.0.1.1'), 401, 'from the address of nginx it would be')
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
    const answer = await new TlsExchange(port, { method: path.endsWith('add') ? 'POST' : 'GET', path, headers }).done
    t.equal(answer.status, 403, path)
    t.match(JSON.parse(answer.text), { error: { code: 'admin_closed', message: /closed from outside/ } })
  }
  t.match(await new TlsExchange(port, { method: 'GET', path: '/api/token/info', headers }).done, { status: 200 })
  t.match(await new TlsExchange(port, { method: 'HEAD', path: '/api/hello' }).done, { status: 200 })
  t.match(await new TlsExchange(port, { method: 'GET', path: '/api/hello', headers }).done, { status: 403 })
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

t.test('over HTTP/2, a whole answer of the simulator arrives as it does without nginx', options, async (t) => {
  const { url } = await listening(t)
  const gateway = await startGateway(t, url, TRUSTED)
  const session = connect(`https://127.0.0.1:${await startNginx(t, gateway.url)}`, { ca: CERT })
  t.teardown(() => session.close())
  const stream = session.request({ ':method': 'POST', ':path': '/v1/messages', ...gateway.headers })
  const head = once(stream, 'response')
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
  stream.end(STREAMING)
  const [headers] = await head as [Record<string, string>]
  await once(stream, 'close')
  t.match(headers, { ':status': 200, 'content-type': /text\/event-stream/ })
  t.equal(session.alpnProtocol, 'h2')
  const kinds = (body: string) => parseEvents(body).map(({ event }) => event)
  t.same(kinds(text), kinds((await send(gateway.url, { headers: gateway.headers, body: STREAMING })).body.toString()))
  t.equal(kinds(text).at(-1), 'message_stop')
})

t.test('a token in the URL is refused, and does not get into the log of requests', options, async (t) => {
  const gateway = await startGateway(t, 'http://127.0.0.1:9', TRUSTED)
  const accessLog = join(t.testdir({}), 'access.log')
  const port = await startNginx(t, gateway.url, { accessLog })
  const answer = await new TlsExchange(port, { method: 'GET', path: `/v1/models?token=${gateway.token}` }).done
  t.equal(answer.status, 401)
  t.match(answer.text, /not taken from the URL/)
  const log = () => readFileSync(accessLog, 'utf8')
  await until(() => log().endsWith('\n'), 'nginx to log the request')
  t.match(log(), /^127\.0\.0\.1 "GET \/v1\/models" 401 /)
  t.notOk(log().includes(gateway.token))
})

t.test('a gateway that cannot be reached is told in the form that clients read, and the gateway\'s own errors pass', options, async (t) => {
  const gateway = await startGateway(t, 'http://127.0.0.1:9', TRUSTED)
  const port = await startNginx(t, gateway.url)
  const own = await new TlsExchange(port, { headers: gateway.headers, body: STREAMING }).done
  t.ok(own.status >= 500)
  t.match(JSON.parse(own.text), { request_id: /^req_/ })
  await gateway.app.close()
  const answer = await new TlsExchange(port, { headers: gateway.headers, body: STREAMING }).done
  t.match(answer, { status: 502, headers: { 'content-type': 'application/json', 'retry-after': '5' } })
  t.match(JSON.parse(answer.text), { type: 'error', error: { type: 'api_error', message: /try again/ } })
})
