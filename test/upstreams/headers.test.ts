import t from 'tap'
import { forwardedRequestHeaders, forwardedResponseHeaders } from '../../src/upstreams/headers.ts'

t.test('requests: the open lists and the few plain names pass, whatever they hold', async (t) => {
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': 'claude-cli/2.1.330 (external, cli)',
    'anthropic-version': '2031-01-01',
    'anthropic-beta': 'a,b,never-heard-of-2030-01-01',
    'anthropic-anything': 'x',
    'x-claude-code-session-id': 'made-up',
    'x-stainless-lang': 'js',
    'x-app': 'cli'
  }
  t.same(forwardedRequestHeaders(headers), headers)
})

t.test('requests: credentials, cookies, forwarding and hop-by-hop names stay outside', async (t) => {
  t.same(forwardedRequestHeaders({
    authorization: 'Bearer made-up',
    'x-api-key': 'made-up',
    cookie: 'a=b',
    'x-admin-key': 'made-up',
    'x-proxy-mode': 'api',
    'x-forwarded-for': '192.0.2.1',
    forwarded: 'for=192.0.2.1',
    origin: 'https://example.com',
    'sec-fetch-mode': 'cors',
    host: 'gateway.example',
    connection: 'keep-alive',
    'keep-alive': 'timeout=5',
    'transfer-encoding': 'chunked',
    'content-length': '3',
    'accept-encoding': 'gzip, br',
    te: 'trailers',
    upgrade: 'h2c'
  }), {})
})

t.test('both ways: a name listed in Connection is for this hop only', async (t) => {
  t.same(forwardedRequestHeaders({ connection: 'close, Anthropic-Beta', 'anthropic-beta': 'x', 'anthropic-version': 'y' }), { 'anthropic-version': 'y' })
  t.same(forwardedResponseHeaders({ connection: 'request-id', 'request-id': 'x', 'retry-after': '1' }), { 'retry-after': '1' })
})

t.test('answers: what clients act on passes, cookies and the rest do not', async (t) => {
  t.same(forwardedResponseHeaders({
    'content-type': 'text/event-stream',
    'request-id': 'req_1',
    'retry-after': '3',
    'x-should-retry': 'false',
    'anthropic-ratelimit-requests-remaining': '5',
    'anthropic-organization-id': 'made-up',
    'set-cookie': ['a=b'],
    server: 'x',
    'cf-ray': 'x',
    'transfer-encoding': 'chunked'
  }), {
    'content-type': 'text/event-stream',
    'request-id': 'req_1',
    'retry-after': '3',
    'x-should-retry': 'false',
    'anthropic-ratelimit-requests-remaining': '5',
    'anthropic-organization-id': 'made-up'
  })
})
