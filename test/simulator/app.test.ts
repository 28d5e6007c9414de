import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import t from 'tap'
import { ask, bodyOf, HEADERS, listening, simulator } from './helpers.ts'
import type { SeenRequest } from '../../src/simulator/app.ts'

const { 'x-api-key': _, ...WITHOUT_KEY } = HEADERS
const { 'anthropic-version': __, ...WITHOUT_VERSION } = HEADERS
const post = (headers: Record<string, string>) => ({ method: 'POST' as const, url: '/v1/messages', headers, payload: bodyOf('say hi') })

t.test('a key in x-api-key is let in', async (t) => {
  t.equal((await simulator(t).inject(post(HEADERS))).statusCode, 200)
})

t.test('a key in Authorization is let in', async (t) => {
  t.equal((await simulator(t).inject(post({ ...WITHOUT_KEY, authorization: 'Bearer sk-ant-sim-aaaa' }))).statusCode, 200)
})

t.test('no key is 401', async (t) => {
  const response = await simulator(t).inject(post(WITHOUT_KEY))
  t.equal(response.statusCode, 401)
  t.match(response.json(), { type: 'error', error: { type: 'authentication_error', message: 'x-api-key header is required' } })
})

t.test('no version is 400', async (t) => {
  const response = await simulator(t).inject(post(WITHOUT_VERSION))
  t.equal(response.statusCode, 400)
  t.match(response.json(), { error: { type: 'invalid_request_error', message: 'anthropic-version: header is required' } })
})

t.test('a probe needs no key', async (t) => {
  t.match(await simulator(t).inject({ method: 'HEAD', url: '/' }), { statusCode: 200, body: '' })
})

for (const url of ['/', '/v1/nothing', '/v1/complete', '/v2/messages']) {
  t.test(`${url} is 404 in the envelope of the API`, async (t) => {
    const response = await simulator(t).inject({ method: 'GET', url, headers: HEADERS })
    t.equal(response.statusCode, 404)
    t.match(response.json(), { type: 'error', error: { type: 'not_found_error' }, request_id: /^req_/ })
  })
}

t.test('a body over 32 MB is 413', async (t) => {
  const { url } = await listening(t)
  const outgoing = request(`${url}/v1/messages`, { method: 'POST', agent: false, headers: { ...HEADERS, 'content-length': 32 * 1024 * 1024 + 1 } })
  t.teardown(() => outgoing.destroy())
  outgoing.flushHeaders()
  const [response] = await once(outgoing, 'response') as [IncomingMessage]
  t.equal(response.statusCode, 413)
  t.match(await json(response), { error: { type: 'request_too_large', message: 'Request exceeds the maximum size' } })
})

t.test('every answer names its request', async (t) => {
  const app = simulator(t)
  const [one, other] = [await ask(app, bodyOf('say hi')), await ask(app, bodyOf('say hi'))]
  t.match(one.headers['request-id'], /^req_011C\w{20}$/)
  t.not(one.headers['request-id'], other.headers['request-id'])
})

t.test('an answer has the twelve rate-limit headers', async (t) => {
  const { headers } = await ask(simulator(t, { clock: () => Date.UTC(2026, 10, 22, 10, 0, 30) }), bodyOf('say hi'))
  for (const name of ['requests', 'tokens', 'input-tokens', 'output-tokens']) {
    t.match(headers[`anthropic-ratelimit-${name}-limit`], /^\d+$/)
    t.match(headers[`anthropic-ratelimit-${name}-remaining`], /^\d+$/)
    t.equal(headers[`anthropic-ratelimit-${name}-reset`], '2026-11-22T10:01:00Z')
  }
})

t.test('what remains of the requests gets less', async (t) => {
  const app = simulator(t, { clock: () => 0 })
  await ask(app, bodyOf('say hi'))
  t.equal((await ask(app, bodyOf('say hi'))).headers['anthropic-ratelimit-requests-remaining'], '3998')
})

t.test('keys belong to organisations of their own', async (t) => {
  const app = simulator(t)
  const [one, other] = await Promise.all(['one', 'other'].map((name) => ask(app, bodyOf('say hi'), { 'x-api-key': `sk-ant-sim-${name}` })))
  t.match(one?.headers['anthropic-organization-id'], /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/)
  t.not(one?.headers['anthropic-organization-id'], other?.headers['anthropic-organization-id'])
})

t.test('keys that name the same organisation share it', async (t) => {
  const app = simulator(t)
  const [one, other] = await Promise.all(['aaaa', 'bbbb'].map((end) => ask(app, bodyOf('say hi'), { 'x-api-key': `sk-ant-sim-org-blue-${end}` })))
  t.equal(one?.headers['anthropic-organization-id'], other?.headers['anthropic-organization-id'])
})

t.test('a request is shown as it came', async (t) => {
  const seen: SeenRequest[] = []
  const { url } = await listening(t, { onRequest: (request) => seen.push(request) })
  const payload = '{ "max_tokens":1,"id":12345678901234567890,\n"model":"claude-opus-5", "messages":[{"role":"user","content":"\\u00e9"}] }'
  await fetch(`${url}/v1/messages?beta=true`, { method: 'POST', headers: { ...HEADERS, 'anthropic-beta': 'one,two' }, body: payload })
  t.match(seen, [{ method: 'POST', url: '/v1/messages?beta=true', headers: { 'anthropic-beta': 'one,two' } }])
  t.equal(seen[0]?.body.toString(), payload)
})

t.test('a request that is refused is shown too', async (t) => {
  const seen: SeenRequest[] = []
  await simulator(t, { onRequest: (request) => seen.push(request) }).inject({ ...post(WITHOUT_KEY), payload: 'no JSON' })
  t.equal(seen[0]?.body.toString(), 'no JSON')
})

t.test('requests are counted', async (t) => {
  const app = simulator(t)
  await ask(app, bodyOf('say hi'))
  await ask(app, {})
  t.match(app.simulator, { requests: 2, open: 0, finished: 2, aborted: 0 })
})
