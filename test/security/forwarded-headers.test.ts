import t from 'tap'
import { startGateway, UPSTREAM_KEY } from '../helpers/gateway.ts'
import { send } from '../helpers/raw-client.ts'
import { messages } from '../helpers/settled.ts'
import { startUpstream } from '../helpers/upstream.ts'

const upstream = await startUpstream(t, (res) => { res.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[]}') })
const gateway = await startGateway(t, upstream.url)
t.beforeEach(() => { upstream.seen.length = 0 })

/** The headers that the upstream saw of one request. */
async function seenWith (headers: Record<string, string | string[]>, path = '/v1/messages') {
  const method = path === '/v1/models' ? 'GET' : 'POST'
  const answer = await send(gateway.url, { method, path, headers: { ...gateway.headers, ...headers }, body: method === 'GET' ? undefined : messages() })
  t.equal(answer.status, 200, answer.body.toString())
  return upstream.seen[0]!.req
}

const SECRETS = {
  'x-admin-key': 'made-up-admin-key',
  cookie: 'sessionKey=made-up',
  'x-forwarded-for': '192.0.2.1',
  'x-forwarded-host': 'elsewhere.test',
  'x-forwarded-proto': 'https',
  forwarded: 'for=192.0.2.1',
  'x-real-ip': '192.0.2.1',
  'x-proxy-mode': 'api',
  'proxy-authorization': 'Basic bWFkZSB1cA==',
  te: 'trailers',
  via: '1.1 made-up',
  'accept-encoding': 'gzip, br',
  origin: 'http://elsewhere.test',
  referer: 'http://elsewhere.test/',
  'x-http-method-override': 'DELETE',
  'x-request-id': 'made-up',
  upgrade: 'made-up'
}

for (const path of ['/v1/messages', '/v1/messages/count_tokens', '/v1/models']) {
  t.test(`${path}: what is the client's own never reaches the upstream`, async (t) => {
    const { headers, rawHeaders } = await seenWith(SECRETS, path)
    for (const [name, value] of Object.entries(SECRETS)) t.not(headers[name], value, name)
    t.notOk('authorization' in headers)
    t.equal(headers['x-api-key'], UPSTREAM_KEY)
    t.notOk(rawHeaders.some((text) => text.includes(gateway.token)), 'the token is nowhere')
    t.equal(headers['accept-encoding'], 'identity')
    t.equal(`http://${headers.host}`, upstream.url)
  })
}

t.test('a token sent as x-api-key is replaced by the pool\'s key', async (t) => {
  const { authorization: _, ...rest } = gateway.headers
  const answer = await send(gateway.url, { headers: { ...rest, 'x-api-key': gateway.token }, body: messages() })
  t.equal(answer.status, 200)
  const { rawHeaders } = upstream.seen[0]!.req
  t.same(rawHeaders.filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === 'x-api-key'), [UPSTREAM_KEY])
})

t.test('an x-api-key beside the bearer token does not reach the upstream', async (t) => {
  const { rawHeaders } = await seenWith({ 'x-api-key': 'sk-ant-made-up-client-key' })
  t.same(rawHeaders.filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === 'x-api-key'), [UPSTREAM_KEY])
})

t.test('a client cannot take away the pool\'s key by naming it in Connection', async (t) => {
  const { headers } = await seenWith({ connection: 'close, X-Api-Key, authorization, accept-encoding, content-length, host' })
  t.match(headers, { 'x-api-key': UPSTREAM_KEY, 'accept-encoding': 'identity', 'content-length': String(messages().length) })
  t.notMatch(headers.connection, /x-api-key/i)
})

t.test('a header that the client names in Connection stays on this hop', async (t) => {
  const { headers } = await seenWith({ connection: 'anthropic-beta , keep-alive', 'anthropic-beta': 'made-up', 'anthropic-version': '2023-06-01' })
  t.notOk('anthropic-beta' in headers)
  t.equal(headers['anthropic-version'], '2023-06-01')
})

t.test('two Connection headers are both obeyed', async (t) => {
  const { headers } = await seenWith({ connection: ['keep-alive', 'X-Claude-Code-Session-Id'], 'x-claude-code-session-id': 'made-up', 'anthropic-beta': 'made-up' })
  t.notOk('x-claude-code-session-id' in headers)
  t.equal(headers['anthropic-beta'], 'made-up')
})

t.test('what the protocol needs crosses unchanged, whatever it holds', async (t) => {
  const wanted = {
    'anthropic-version': 'made up; version',
    'anthropic-beta': 'a-2026-01-01,b,,c',
    'anthropic-of-the-future': '\u00e9 "x"',
    'x-claude-code-session-id': 'made-up',
    'user-agent': 'made-up/1.0',
    accept: 'text/event-stream',
    'x-app': 'cli',
    'x-stainless-retry-count': '0',
    'content-type': 'application/json; charset=utf-8'
  }
  t.match((await seenWith(wanted)).headers, wanted)
})

t.test('the query is kept as it was sent', async (t) => {
  t.equal((await seenWith({}, '/v1/messages?beta=true&x=%2F&y=a+b')).url, '/v1/messages?beta=true&x=%2F&y=a+b')
})
