import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { head, startRawUpstream } from '../helpers/raw-upstream.ts'
import { Exchange, send } from '../helpers/raw-client.ts'
import { messages, STREAMING } from '../helpers/settled.ts'
import { MESSAGE_END, MESSAGE_START, SSE_HEADERS, startUpstream } from '../helpers/upstream.ts'

t.test('of the upstream\'s headers only those of the protocol cross', async (t) => {
  const upstream = await startRawUpstream(t, (socket) => {
    socket.write(head('200 OK', 'content-type: application/json', 'content-length: 2', 'request-id: req_made_up', 'anthropic-ratelimit-tokens-limit: 5',
      'x-should-retry: false', 'retry-after-ms: 20', 'set-cookie: a=made-up', 'set-cookie: b=made-up', 'connection: close, x-hop', 'x-hop: made up', 'keep-alive: timeout=3',
      'proxy-authenticate: Basic', 'strict-transport-security: max-age=1', 'x-powered-by: made up', 'via: 1.1 made-up', 'alt-svc: h3') + '{}')
  })
  const gateway = await startGateway(t, upstream.url)
  const { headers } = await new Exchange(gateway.url, { headers: gateway.headers, body: messages() }).done
  const { date, connection, 'keep-alive': keepAlive, ...rest } = headers
  t.match(date, /GMT$/)
  t.notMatch(`${connection} ${keepAlive}`, /x-hop|timeout=3/)
  t.same(rest, {
    'content-type': 'application/json',
    'content-length': '2',
    'request-id': 'req_made_up',
    'anthropic-ratelimit-tokens-limit': '5',
    'x-should-retry': 'false',
    'retry-after-ms': '20'
  })
})

t.test('a header that the upstream names in Connection does not cross', async (t) => {
  const upstream = await startRawUpstream(t, (socket) => {
    socket.write(head('200 OK', 'content-type: application/json', 'content-length: 2', 'connection: keep-alive, Anthropic-Hop', 'anthropic-hop: made up') + '{}')
  })
  const gateway = await startGateway(t, upstream.url)
  const { headers } = await send(gateway.url, { headers: gateway.headers, body: messages() })
  t.notOk('anthropic-hop' in headers)
})

t.test('a stream tells every proxy on its way to let it through', async (t) => {
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, { ...SSE_HEADERS, 'cache-control': 'public, max-age=60' })
    res.end(MESSAGE_START + MESSAGE_END)
  })
  const gateway = await startGateway(t, upstream.url)
  const { headers } = await send(gateway.url, { headers: gateway.headers, body: STREAMING })
  t.match(headers, { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no', 'request-id': 'req_upstream_made_up' })
})

t.test('an answer without a request id gets the gateway\'s own', async (t) => {
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, { 'content-type': 'application/json' })
    res.end('{}')
  })
  const gateway = await startGateway(t, upstream.url)
  const { headers } = await send(gateway.url, { headers: gateway.headers, body: messages() })
  t.match(headers['request-id'], /^req_[0-9a-z]{24,}$/)
})
