import t, { type Test } from 'tap'
import type { Mode, ModeLimit } from '../../src/plugins/mode.ts'
import { makeToken, UPSTREAM_KEY } from '../helpers/gateway.ts'
import { send, type Answer } from '../helpers/raw-client.ts'
import { cookieOf, startWebGateway, webSettled, type WebGateway } from '../helpers/web.ts'

const USER = { role: 'user', content: 'say hi' }
const ASK = { model: 'claude-sonnet-5-5', max_tokens: 64, messages: [USER] }
const ANTHROPIC = { type: 'error', error: { type: 'permission_error', message: String }, request_id: /^req_/ }
const OPENAI = { error: { type: 'permission_error', code: 'mode_not_allowed', message: String, param: null } }

/** The routes that work in both modes, and how each tells that a mode is not allowed. */
const ROUTES = {
  '/v1/messages': { body: ASK, refusal: ANTHROPIC },
  '/v1/chat/completions': { body: ASK, refusal: OPENAI },
  '/v1/responses': { body: { model: ASK.model, input: 'say hi' }, refusal: OPENAI },
  '/v1/models': { body: undefined, refusal: ANTHROPIC }
} as const

type Route = keyof typeof ROUTES

const ALL = Object.keys(ROUTES) as Route[]

interface Setting { server?: ModeLimit, token?: ModeLimit, keys?: boolean, cookies?: string[] }

interface World extends WebGateway {
  call: (route: string, choice?: string, body?: object) => Promise<Answer>
  /** Asks, and tells what became of it: the mode in which it was answered, or the status. */
  outcome: (route: Route, choice?: string) => Promise<Mode | number>
}

async function start (t: Test, { server = 'both', token = 'both', keys = true, cookies = [cookieOf('one')] }: Setting = {}): Promise<World> {
  const seen: string[] = []
  const gateway = await startWebGateway(t, cookies, {
    server: { mode: server },
    claude: { api_keys: keys ? [{ key: UPSTREAM_KEY }] : [] },
    simulatorOptions: { onRequest: ({ url }) => { seen.push(url) } }
  })
  const made = await makeToken(gateway.app, { name: 'test', mode: token })
  const call: World['call'] = async (path, choice, body) => {
    const headers = { ...gateway.headers, authorization: `Bearer ${made.token}`, ...choice !== undefined && { 'x-proxy-mode': choice } }
    return send(gateway.url, { method: body === undefined ? 'GET' : 'POST', path, headers, body: body && JSON.stringify(body) })
  }
  const outcome: World['outcome'] = async (route, choice) => {
    seen.length = 0
    const { status, headers } = await call(route, choice, ROUTES[route].body)
    if (status !== 200) return seen.length === 0 ? status : NaN
    // The models of claude.ai are asked of nobody, and those of the API may be remembered.
    const web = route === '/v1/models' ? headers['x-ccproxy-cache'] === undefined : headers['x-ccproxy-usage'] === 'estimated'
    if (route !== '/v1/models' && seen.some((url) => url.endsWith('/completion')) !== web) throw new Error(`said one mode and asked the other: ${seen.join()}`)
    return web ? 'web' : 'api'
  }
  return { ...gateway, call, outcome }
}

const BOTH = ['api', 'web'] as const

for (const route of ALL) {
  t.test(`${route}: a client may choose where nothing limits it, and without a choice keys go before sessions`, async (t) => {
    const { outcome } = await start(t)
    t.equal(await outcome(route), 'api')
    for (const mode of BOTH) t.equal(await outcome(route, mode), mode)
    t.equal(await outcome(route, ' WEB '), 'web')
    for (const wrong of ['', 'both', 'api,web']) t.equal(await outcome(route, wrong), 400, JSON.stringify(wrong))
  })

  t.test(`${route}: without keys and with a session it is web mode`, async (t) => {
    t.equal(await (await start(t, { keys: false })).outcome(route), 'web')
  })

  for (const limit of BOTH) {
    const other = limit === 'api' ? 'web' : 'api'
    for (const where of ['server', 'token'] as const) {
      t.test(`${route}: where the ${where} is for ${limit} mode, ${limit} it is, and ${other} is 403`, async (t) => {
        const { outcome, call } = await start(t, { [where]: limit })
        t.equal(await outcome(route), limit)
        t.equal(await outcome(route, limit), limit)
        t.equal(await outcome(route, other), 403)
        const refused = JSON.parse((await call(route, other, ROUTES[route].body)).body.toString())
        t.match(refused, ROUTES[route].refusal)
        t.match(refused.error.message, new RegExp(`${limit} mode only; the request asks for ${other} mode`))
      })
    }

    t.test(`${route}: a token for ${other} mode is 403 where the server is for ${limit} mode, whatever is chosen`, async (t) => {
      const { outcome } = await start(t, { server: limit, token: other })
      for (const choice of [undefined, ...BOTH]) t.equal(await outcome(route, choice), 403)
    })
  }
}

t.test('a client of the OpenAI protocol is told in its own envelope that the models of a mode are not for it', async (t) => {
  const gateway = await start(t, { token: 'web' })
  const { 'anthropic-version': _, ...headers } = gateway.headers
  const { token } = await makeToken(gateway.app, { name: 'web', mode: 'web' })
  const { status, body } = await send(gateway.url, { method: 'GET', path: '/v1/models', headers: { ...headers, authorization: `Bearer ${token}`, 'x-proxy-mode': 'api' } })
  t.equal(status, 403)
  t.match(JSON.parse(body.toString()), OPENAI)
})

t.test('the models of web mode come as JSON, with an id of the request: the SDKs take anything else for a text', async (t) => {
  const gateway = await start(t)
  for (const version of [undefined, '2023-06-01']) {
    for (const path of ['/v1/models', '/v1/models/claude-sonnet-5-5']) {
      const { 'anthropic-version': _, ...rest } = gateway.headers
      const headers = { ...rest, 'x-proxy-mode': 'web', ...version !== undefined && { 'anthropic-version': version } }
      const answer = await send(gateway.url, { method: 'GET', path, headers })
      t.match(answer.headers, { 'content-type': 'application/json; charset=utf-8', [version === undefined ? 'x-request-id' : 'request-id']: /^req_/ })
    }
  }
})

t.test('a mode that is allowed and has nothing behind it says what its operator has to do', async (t) => {
  const nothing = await start(t, { keys: false, cookies: [] })
  const web = await nothing.call('/v1/messages', 'web', ASK)
  t.equal(web.status, 503)
  t.match(JSON.parse(web.body.toString()), { error: { type: 'api_error', message: /session.*\/api\/session\/add/ } })
  const api = await nothing.call('/v1/messages', undefined, ASK)
  t.equal(api.status, 503, 'without keys and sessions it is API mode')
  t.notMatch(JSON.parse(api.body.toString()).error.message, /session/)
})

for (const [path, body] of [
  ['/v1/messages/batches', { requests: [] }], ['/v1/messages/batches', undefined], ['/v1/messages/batches/msgbatch_made_up', undefined],
  ['/v1/files', undefined], ['/v1/files/file_made_up', undefined], ['/v1/files/file_made_up/content', undefined],
  ['/v1/skills', undefined], ['/v1/skills/skill_made_up', undefined]
] as const) {
  t.test(`${body === undefined ? 'GET' : 'POST'} ${path} is for API mode only, and says so`, async (t) => {
    const gateway = await start(t)
    const refused = await gateway.call(path, 'web', body)
    t.equal(refused.status, 403)
    t.match(JSON.parse(refused.body.toString()), { ...ANTHROPIC, error: { type: 'permission_error', message: /API mode only.*X-Proxy-Mode: api/ } })
    t.not((await gateway.call(path, 'api', body)).status, 403)
  })
}

t.test('tokens are not counted in web mode: 404 in Anthropic\'s envelope, and nobody is asked', async (t) => {
  const gateway = await start(t)
  const { max_tokens: _, ...counted } = ASK
  const refused = await gateway.call('/v1/messages/count_tokens', 'web', counted)
  t.equal(refused.status, 404)
  t.match(JSON.parse(refused.body.toString()), { type: 'error', error: { type: 'not_found_error', message: /web mode.*API mode/ } })
  t.equal((await gateway.call('/v1/messages/count_tokens', 'api', counted)).status, 200)
})

t.test('no mode sends the other\'s secret, and none sends what the client said of modes', async (t) => {
  const seen: Array<{ url: string, headers: Record<string, unknown> }> = []
  const gateway = await startWebGateway(t, [cookieOf('one')], {
    claude: { api_keys: [{ key: UPSTREAM_KEY }] }, simulatorOptions: { onRequest: ({ url, headers }) => { seen.push({ url, headers }) } }
  })
  for (const mode of BOTH) await send(gateway.url, { headers: { ...gateway.headers, 'x-proxy-mode': mode }, body: JSON.stringify(ASK) })
  await webSettled(gateway.app)
  for (const { url, headers } of seen) {
    const isWeb = url.startsWith('/api/')
    t.equal(headers['cookie'] !== undefined, isWeb, url)
    t.equal(headers['x-api-key'] !== undefined, !isWeb, url)
    for (const name of ['authorization', 'x-proxy-mode']) t.equal(headers[name], undefined, url)
  }
  t.ok(seen.length >= 4)
})
