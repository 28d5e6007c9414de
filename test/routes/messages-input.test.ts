import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { startUpstream } from '../helpers/upstream.ts'

t.test('bad input is 400 in the Anthropic envelope, names the field, and reaches no upstream', async (t) => {
  const upstream = await startUpstream(t, (res) => res.end())
  const gateway = await startGateway(t, upstream.url)
  const model = 'claude-sonnet-5-5'
  const cases: Array<[what: string, body: string | Buffer | undefined, names: RegExp, headers?: Record<string, string>]> = [
    ['no body', undefined, /^body: must be object\. Send /],
    ['an empty body', '', /^body: is empty/],
    ['broken JSON', '{"model":', /^body: is not valid JSON/],
    ['JSON that is no object', '[1]', /^body: must be object/],
    ['invalid UTF-8', Buffer.from('7b2261223a22ff227d', 'hex'), /^body: is not valid UTF-8/],
    ['no model', JSON.stringify({ messages: [] }), /^model: is required\. Send /],
    ['an empty model', JSON.stringify({ model: '', messages: [] }), /^model: /],
    ['a model that is no string', JSON.stringify({ model: 5, messages: [] }), /^model: must be string\. Send /],
    ['no messages', JSON.stringify({ model }), /^messages: is required\. Send /],
    ['messages that are no array', JSON.stringify({ model, messages: 'hi' }), /^messages: must be array\. Send /],
    ['a stream that is no boolean', JSON.stringify({ model, messages: [], stream: 'true' }), /^stream: must be boolean\. Send /],
    ['another content type', '{}', /^content-type: must be application\/json/, { 'content-type': 'text/plain' }],
    ['a compressed body', '{}', /^content-encoding: /, { 'content-encoding': 'gzip' }]
  ]
  for (const [what, payload, names, headers] of cases) {
    const contentType = payload === undefined ? {} : { 'content-type': 'application/json' }
    const answer = await gateway.app.inject({
      method: 'POST', url: '/v1/messages', headers: { authorization: `Bearer ${gateway.token}`, ...contentType, ...headers }, payload
    })
    t.equal(answer.statusCode, 400, what)
    t.match(answer.json(), { type: 'error', error: { type: 'invalid_request_error', message: names }, request_id: /^req_/ }, what)
    t.equal(answer.headers['request-id'], answer.json().request_id, what)
  }
  t.equal(upstream.seen.length, 0)
})

t.test('what is wrong in a large body is told in the same words, and what is right goes on as it came', async (t) => {
  const upstream = await startUpstream(t, (res) => res.writeHead(200, { 'content-type': 'application/json' }).end('{"type":"message"}'))
  const gateway = await startGateway(t, upstream.url)
  const system = 'a long text with "quotes" and \\ '.repeat(1_000)
  const send = async (body: string) => await fetch(`${gateway.url}/v1/messages`, { method: 'POST', headers: gateway.headers, body })
  const wrong: Array<[body: string, names: RegExp]> = [
    [JSON.stringify({ system, messages: [] }), /^model: is required\. Send /],
    [JSON.stringify({ system, model: 5, messages: [] }), /^model: must be string\. Send /],
    [JSON.stringify({ model: 'm', system }), /^messages: is required\. Send /],
    [JSON.stringify({ model: 'm', system, messages: 'hi' }), /^messages: must be array\. Send /],
    [JSON.stringify({ model: 'm', stream: 'true', system, messages: [] }), /^stream: must be boolean\. Send /],
    [JSON.stringify({ model: 'm', messages: [system] }).slice(0, -1), /^body: is not valid JSON/]
  ]
  for (const [body, names] of wrong) {
    const answer = await send(body)
    t.equal(answer.status, 400)
    t.match(await answer.json(), { error: { type: 'invalid_request_error', message: names } })
  }
  t.equal(upstream.seen.length, 0)
  for (const body of [JSON.stringify({ model: 'm', messages: [system] }), JSON.stringify({ messages: [system], model: 'm', model_too: { model: 'n' } })]) {
    t.equal((await send(body)).status, 200)
    t.equal(upstream.seen.at(-1)?.body.toString(), body)
  }
})

t.test('fields that nobody has heard of are the upstream\'s to judge', async (t) => {
  const upstream = await startUpstream(t, (res) => {
    res.setHeader('content-type', 'application/json')
    res.end('{"type":"message"}')
  })
  const gateway = await startGateway(t, upstream.url)
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'oracle', content: 7 }], never_heard_of: { __proto__: 1 }, max_tokens: 'many' })
  for (const path of ['/v1/messages', '/v1/messages/count_tokens']) {
    const answer = await fetch(gateway.url + path, { method: 'POST', headers: gateway.headers, body })
    t.equal(answer.status, 200)
    t.equal(upstream.seen.at(-1)?.body.toString(), body)
    t.equal(upstream.seen.at(-1)?.req.url, path)
  }
})

t.test('a mode that cannot be had is refused, not ignored', async (t) => {
  const gateway = await startGateway(t, 'http://127.0.0.1:9', { server: { mode: 'api' } })
  const send = async (mode: string) => await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST', headers: { ...gateway.headers, 'x-proxy-mode': mode }, body: '{"model":"m","messages":[]}'
  })
  t.equal((await send('web')).status, 403)
  t.equal((await send('nonsense')).status, 400)
})
