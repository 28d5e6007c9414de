import t, { type Test } from 'tap'
import type { ServerResponse } from 'node:http'
import { startGateway } from '../helpers/gateway.ts'
import { send, type Answer } from '../helpers/raw-client.ts'
import { settled } from '../helpers/settled.ts'
import { until } from '../helpers/until.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { isEnvelope } from './expect.ts'

const MODELS = '{ "data":[{"type":"model","id":"claude-sonnet-5-5"}],"has_more":false }'

async function start (t: Test, answer: (res: ServerResponse) => void) {
  const upstream = await startUpstream(t, answer)
  const gateway = await startGateway(t, upstream.url)
  const get = (path = '/v1/models', headers: Record<string, string> = {}): Promise<Answer> =>
    send(gateway.url, { method: 'GET', path, headers: { ...gateway.headers, ...headers } })
  return { upstream, gateway, get }
}

function list (res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=made-up', 'request-id': 'req_made_up' }).end(MODELS)
}

t.test('the second question is answered from memory, byte for byte', async (t) => {
  const { upstream, get, gateway } = await start(t, list)
  const [first, second] = [await get(), await get()]
  t.equal(first.headers['x-ccproxy-cache'], 'miss')
  t.equal(second.headers['x-ccproxy-cache'], 'hit')
  for (const { status, body, headers } of [first, second]) {
    t.equal(status, 200)
    t.equal(body.toString(), MODELS)
    t.notOk('set-cookie' in headers)
  }
  t.equal(upstream.seen.length, 1)
  await settled(gateway.app)
})

t.test('what changes the answer is a question of its own', async (t) => {
  const { upstream, get } = await start(t, list)
  await get()
  await get('/v1/models?limit=5')
  await get('/v1/models/claude-sonnet-5-5')
  await get('/v1/models', { 'anthropic-beta': 'made-up-beta' })
  t.same(upstream.seen.map(({ req }) => req.url), ['/v1/models', '/v1/models?limit=5', '/v1/models/claude-sonnet-5-5', '/v1/models'])
})

t.test('equal questions at the same time are asked once', async (t) => {
  const held: ServerResponse[] = []
  const { upstream, gateway, get } = await start(t, (res) => held.push(res))
  let arrived = 0
  gateway.app.server.on('request', () => arrived++)
  const both = [get(), get()]
  await until(() => held.length > 0 && arrived === 2, 'both questions to arrive')
  list(held[0]!)
  const answers = await Promise.all(both)
  t.same(answers.map(({ body }) => body.toString()), [MODELS, MODELS])
  t.equal(upstream.seen.length, 1)
})

t.test('an unknown model is the upstream\'s to refuse, and is asked again', async (t) => {
  const refusal = '{"type":"error","error":{"type":"not_found_error","message":"model: made-up"}, "request_id":"req_made_up"}'
  const { upstream, get } = await start(t, (res) => {
    res.writeHead(404, { 'content-type': 'application/json' }).end(refusal)
  })
  for (let i = 0; i < 2; i++) {
    const answer = await get('/v1/models/made-up')
    t.equal(answer.status, 404)
    t.equal(answer.body.toString(), refusal)
    t.equal(answer.headers['x-ccproxy-cache'], 'miss')
  }
  t.equal(upstream.seen.length, 2)
})

for (const id of ['a%2Fb', '%2e%2e%2f', 'a%20b', 'a%3Fb', 'a%0d%0ab', '..', '.', '%2e%2e']) {
  t.test(`the id ${id} is refused and never part of an upstream path`, async (t) => {
    const { upstream, get } = await start(t, list)
    const answer = await get(`/v1/models/${id}`)
    isEnvelope(t, answer, 400, 'invalid_request_error')
    t.equal(upstream.seen.length, 0)
  })
}

t.test('an upstream that fails with nothing remembered is told as it is', async (t) => {
  const { get } = await start(t, (res) => { res.destroy() })
  isEnvelope(t, await get(), 502, 'api_error')
})

t.test('a redirect is not passed on', async (t) => {
  const { get } = await start(t, (res) => { res.writeHead(302, { location: 'http://127.0.0.1:9/' }).end() })
  isEnvelope(t, await get(), 502, 'api_error')
})
