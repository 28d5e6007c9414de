import t, { type Test } from 'tap'
import { startGateway, UPSTREAM_KEY, type ConfigChanges } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'
import { event, MESSAGE_START, SSE_HEADERS, startUpstream, textDelta, wholeStream } from '../helpers/upstream.ts'

const ASK = { model: 'claude-sonnet-5-5', messages: [{ role: 'user', content: 'hi' }] }
const MODELS = JSON.stringify({ data: [{ id: 'claude-sonnet-5-5', type: 'model', max_tokens: 1_000 }], has_more: false })

/** A gateway before an upstream that streams one text to every question, and lists one model. */
async function start (t: Test, changes: ConfigChanges = {}, text = wholeStream('Hello', ' there')) {
  const upstream = await startUpstream(t, (res, { req }) => {
    if (req.method === 'GET') res.writeHead(200, { 'content-type': 'application/json' }).end(MODELS)
    else res.writeHead(200, SSE_HEADERS).end(text)
  })
  const gateway = await startGateway(t, upstream.url, changes)
  const { 'anthropic-version': _, ...headers } = gateway.headers
  const post = (path: string, body: unknown, more: Record<string, string> = {}) =>
    fetch(`${gateway.url}/v1/${path}`, { method: 'POST', headers: { ...headers, ...more }, body: typeof body === 'string' ? body : JSON.stringify(body) })
  const asked = () => upstream.seen.filter(({ req }) => req.method === 'POST')
  const sent = () => JSON.parse(asked().at(-1)!.body.toString()) as Record<string, unknown>
  return { ...gateway, headers, upstream, asked, sent, post }
}

for (const [path, body] of [['chat/completions', ASK], ['responses', { model: ASK.model, input: 'hi' }]] as const) {
  t.test(`${path}: what had no effect is told`, async (t) => {
    const { post } = await start(t)
    const told = await post(path, { ...body, temperature: 0.2, service_tier: 'flex', shiny: true, stream: true })
    t.equal(told.headers.get('x-ccproxy-ignored'), 'service_tier, shiny, temperature')
    t.equal((await post(path, body)).headers.get('x-ccproxy-ignored'), null)
  })

  t.test(`${path}: the upstream's headers that are of use are told, and no others`, async (t) => {
    const { post } = await start(t)
    const { headers } = await post(path, body)
    t.equal(headers.get('x-request-id'), 'req_upstream_made_up')
    t.equal(headers.get('request-id'), 'req_upstream_made_up')
    t.equal(headers.get('content-type'), 'application/json; charset=utf-8')
  })

  t.test(`${path}: the upstream is asked with our key and version, and hears nothing of the client's credentials`, async (t) => {
    const { post, asked, token } = await start(t)
    await post(path, body, { cookie: 'a=b', 'x-stainless-lang': 'js', 'openai-organization': 'org', 'anthropic-version': '2026-10-21', 'anthropic-beta': 'some-beta' })
    const { headers } = asked()[0]!.req
    t.match(headers, { 'x-api-key': UPSTREAM_KEY, 'anthropic-version': '2023-06-01', 'anthropic-beta': 'some-beta', 'content-type': 'application/json' })
    for (const name of ['authorization', 'cookie', 'x-stainless-lang', 'openai-organization']) t.equal(headers[name], undefined, name)
    t.notOk(JSON.stringify(headers).includes(token))
  })

  t.test(`${path}: prompts are cached upstream unless that is switched off`, async (t) => {
    const on = await start(t)
    await on.post(path, body)
    t.same(on.sent()['cache_control'], { type: 'ephemeral' })
    const off = await start(t, { openai: { prompt_caching: false } })
    await off.post(path, body)
    t.equal(off.sent()['cache_control'], undefined)
  })

  t.test(`${path}: what the upstream says of a model wins over the built-in table, once it is known`, async (t) => {
    const { post, sent } = await start(t)
    await post(path, body)
    t.equal(sent()['max_tokens'], 128_000)
    await until(async () => {
      await post(path, body)
      return sent()['max_tokens'] === 1_000
    }, 'the list of models to be known')
  })

  t.test(`${path}: users are told apart by a hash that another token, or another gateway, does not share`, async (t) => {
    const one = await start(t)
    const other = await start(t, { jwt: { secret: 'another-made-up-secret-another-made-up' } })
    const hashes = []
    for (const { post, sent } of [one, one, other]) {
      await post(path, { ...body, safety_identifier: 'somebody' })
      hashes.push((sent()['metadata'] as { user_id: string }).user_id)
    }
    t.equal(hashes[0], hashes[1])
    t.not(hashes[0], hashes[2])
    t.notOk(hashes.some((hash) => hash.includes('somebody')))
  })

  t.test(`${path}: what is wrong with a request is told in OpenAI's envelope`, async (t) => {
    const { post, url } = await start(t)
    const told = async (response: Response) => ({ status: response.status, ...(await response.json() as { error: object }).error })
    t.match(await told(await post(path, '{"model":')), { status: 400, type: 'invalid_request_error', param: 'body', message: /not valid JSON/ })
    t.match(await told(await post(path, body, { 'content-type': 'text/plain' })), { status: 400, param: 'content-type' })
    t.match(await told(await post(path, [])), { status: 400, param: 'body' })
    t.match(await told(await post(path, body, { 'x-proxy-mode': 'web' })), { status: 503, code: 'no_sessions' })
    t.match(await told(await post(path, body, { authorization: 'Bearer x' })), { status: 401, code: 'invalid_api_key' })
    t.match(await told(await fetch(`${url}/v1/${path}`, { method: 'POST', body: '{}' })), { status: 401, type: 'invalid_request_error' })
    t.match(await told(await post(path, { ...body, pad: 'x'.repeat(33 * 1024 * 1024) })), { status: 413, code: 'request_too_large' })
  })

  t.test(`${path}: an upstream that does not stream is told as what it is`, async (t) => {
    const upstream = await startUpstream(t, (res) => res.writeHead(200, { 'content-type': 'application/json' }).end('{"type":"message"}'))
    const gateway = await startGateway(t, upstream.url)
    for (const stream of [true, false]) {
      const response = await fetch(`${gateway.url}/v1/${path}`, { method: 'POST', headers: gateway.headers, body: JSON.stringify({ ...body, stream }) })
      t.equal(response.status, 502)
      t.match(await response.json(), { error: { type: 'server_error', code: 'upstream_content_type' } })
    }
  })

  t.test(`${path}: conversations that name themselves stay with one key`, async (t) => {
    const keys = ['one', 'two', 'three', 'four'].map((name) => ({ key: `sk-ant-made-up-${name}-0001`, org: name, workspace: name }))
    const { post, asked } = await start(t, { claude: { key_strategy: 'affinity', api_keys: keys } })
    const keysOf = async (cacheKey: (turn: number) => string) => {
      const from = asked().length
      for (let turn = 0; turn < 12; turn++) await post(path, { ...body, prompt_cache_key: cacheKey(turn) })
      return new Set(asked().slice(from).map(({ req }) => req.headers['x-api-key']))
    }
    t.equal((await keysOf(() => 'the same')).size, 1)
    t.ok((await keysOf((turn) => `conversation ${turn}`)).size > 1)
  })

  t.test(`${path}: a token that is revoked ends a running stream with an error`, async (t) => {
    const upstream = await startUpstream(t, (res) => {
      res.writeHead(200, SSE_HEADERS)
      res.write(MESSAGE_START + event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) + textDelta('Half'))
    })
    const { app, url, headers, tokenId } = await startGateway(t, upstream.url)
    const response = await fetch(`${url}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify({ ...body, stream: true }) })
    const reader = response.body!.getReader()
    let text = Buffer.from((await reader.read()).value!).toString()
    await app.inject({ method: 'POST', url: '/api/token/revoke', headers: { 'x-admin-key': 'made-up-admin-key' }, payload: { id: tokenId } })
    for (let read = await reader.read(); !read.done; read = await reader.read()) text += Buffer.from(read.value).toString()
    t.match(text, /Half/)
    t.match(text.split('\n\n').at(-2), path === 'responses' ? /^event: response\.failed\n/ : /^data: \{"error":\{"message":".*revoked/)
    t.notMatch(text, /\[DONE\]|response\.completed/)
  })
}

t.test('a stream says that it lives while the upstream is silent', async (t) => {
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
  })
  const { app, url, headers } = await startGateway(t, upstream.url, { server: { ping_interval: 1_000 } })
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify({ ...ASK, stream: true }) })
  const reader = response.body!.getReader()
  await reader.read()
  app.exchanges.tick()
  t.match(Buffer.from((await reader.read()).value!).toString(), ': ping\n\n')
  await reader.cancel()
})

t.test('the models are told to both kinds of client', async (t) => {
  const { url, headers } = await start(t, { models: { aliases: { 'gpt-5': 'claude-sonnet-5-5' } } })
  const get = async (path: string, more: Record<string, string> = {}) => (await fetch(`${url}/v1/models${path}`, { headers: { ...headers, ...more } })).text()
  t.equal(await get('', { 'anthropic-version': '2023-06-01' }), MODELS, 'byte for byte')
  t.match(JSON.parse(await get('')), { object: 'list', data: [{ id: 'claude-sonnet-5-5', object: 'model', owned_by: 'anthropic' }, { id: 'gpt-5' }] })
})

t.test('errors about models are told in the client\'s envelope', async (t) => {
  const upstream = await startUpstream(t, (res) => res.writeHead(404, { 'content-type': 'application/json' })
    .end('{"type":"error","error":{"type":"not_found_error","message":"model: none"}}'))
  const gateway = await startGateway(t, upstream.url)
  const { 'anthropic-version': version, ...headers } = gateway.headers
  const get = async (more: object) => {
    const response = await fetch(`${gateway.url}/v1/models/none`, { headers: { ...headers, ...more } })
    return { status: response.status, body: await response.json() }
  }
  t.match(await get({ 'anthropic-version': version }), { status: 404, body: { type: 'error', error: { type: 'not_found_error' } } })
  t.match(await get({}), { status: 404, body: { error: { code: 'model_not_found', message: 'model: none' } } })
  t.match(await get({ authorization: 'Bearer x' }), { status: 401, body: { error: { code: 'invalid_api_key' } } })
  t.match(await get({ authorization: 'Bearer x', 'anthropic-version': version }), { status: 401, body: { type: 'error' } })
})

t.test('paths that OpenAI has and we have not are told in its envelope, all others in Anthropic\'s', async (t) => {
  const { url, headers } = await start(t)
  const get = async (path: string) => (await fetch(`${url}/v1/${path}`, { headers })).json()
  for (const path of ['embeddings', 'chat/completions/x', 'responses', 'images/generations', 'conversations?x=1']) t.match(await get(path), { error: { code: 'route_not_found' } }, path)
  for (const path of ['complete', 'chatter', 'x']) t.match(await get(path), { type: 'error', error: { type: 'not_found_error' } }, path)
})
