import t, { type Test } from 'tap'
import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { ADMIN_KEY, startGateway, type TestGateway } from '../helpers/gateway.ts'
import { Exchange, RawClient, rawPost, send, type SendOptions } from '../helpers/raw-client.ts'
import { settled } from '../helpers/settled.ts'
import { MESSAGE_START, SSE_HEADERS, startUpstream, textDelta, type Seen } from '../helpers/upstream.ts'

// Each secret, each header and each body holds a canary of its own. At the most talkative log level, and in every error that the gateway
// itself raises, no canary may be seen, and no piece of one.

const PIECE = 8
const canaries: Record<string, string> = {}

function canary (name: string): string {
  // Letters alone, and none that begins a JSON literal first: a parser's complaint would quote them.
  canaries[name] ??= `q${[...randomBytes(31)].map((byte) => String.fromCharCode(97 + byte % 26)).join('')}`
  return canaries[name]
}

/** The names of the canaries that a text holds a piece of. */
function found (text: string): string[] {
  return Object.keys(canaries).filter((name) => {
    const value = canaries[name]!
    for (let at = 0; at + PIECE <= value.length; at++) if (text.includes(value.slice(at, at + PIECE))) return true
    return false
  })
}

function answer (res: ServerResponse, { body }: Seen): void {
  const text = body.toString()
  const status = Number(/"status":(\d+)/.exec(text)?.[1] ?? 200)
  const headers = { 'set-cookie': canary('upstream cookie'), 'anthropic-made-up': canary('upstream header') }
  if (text.includes('"silent"')) return
  if (text.includes('"reset"')) res.destroy()
  else if (text.includes('"garbage"')) res.socket!.end(`garbage ${canary('garbage')}\r\n\r\n`)
  else if (text.includes('"html"')) res.writeHead(200, { ...headers, 'content-type': 'text/html' }).end(canary('html'))
  else if (status >= 300) {
    res.writeHead(status, { ...headers, 'content-type': 'application/json', location: canary('location') })
    res.end(JSON.stringify({ type: 'error', error: { type: 'api_error', message: `${canary('upstream error')} ${canary('key')} ${text}` } }))
  } else {
    res.writeHead(200, { ...SSE_HEADERS, ...headers })
    res.write(MESSAGE_START + textDelta(canary('answer')))
    if (text.includes('"cut"')) res.end(`event: content_block_delta\ndata: {"${canary('half event')}`)
  }
}

/** Makes requests of many kinds. @returns the errors that the gateway worded itself */
async function provoke (t: Test, gateway: TestGateway): Promise<string[]> {
  const own: string[] = []
  const headers = { ...gateway.headers, cookie: canary('cookie'), 'anthropic-beta': canary('header'), 'user-agent': canary('agent') }
  async function fails (options: SendOptions): Promise<void> {
    const { status, body } = await send(gateway.url, { headers, body: prompt(), ...options })
    t.ok(status >= 400, `refused: ${String(options.path ?? options.body).slice(0, 30)}`)
    own.push(body.toString())
  }
  await refusedByGateway(fails, headers)
  await operatorsMistakes(fails, gateway)
  await upstreamFaults(fails, gateway, headers)
  const cut = (await send(gateway.url, { headers, body: prompt({ name: 'cut', model: 'cut' }) })).body.toString()
  own.push(cut.slice(cut.lastIndexOf('event: error')))
  const broken = new RawClient(t, gateway.port)
  broken.write(rawPost(gateway.token, '', [`x-${canary('broken')} : ${canary('broken')}`]))
  own.push(await broken.end())
  return own
}

type Fails = (options: SendOptions) => Promise<void>
type Headers = Record<string, string>

function prompt (changes: object = {}): string {
  return JSON.stringify({ model: 'm', stream: true, messages: [canary('prompt')], ...changes })
}

async function refusedByGateway (fails: Fails, headers: Headers): Promise<void> {
  await fails({ headers: { ...headers, authorization: `Bearer ${canary('bad token')}` } })
  await fails({ headers: { ...headers, authorization: headers['authorization']!.slice(0, -4) } })
  await fails({ headers: { ...headers, 'x-proxy-mode': canary('mode') } })
  await fails({ headers: { ...headers, 'content-type': `text/${canary('type')}` } })
  await fails({ path: `/v1/messages?token=${canary('query token')}` })
  await fails({ path: `/nowhere?q=${canary('query')}` })
  await fails({ path: `/v1/%zz?q=${canary('bad path query')}` })
  await fails({ path: `/v1/models/%20${canary('model id')}`, method: 'GET', body: undefined })
  await fails({ body: prompt({ model: { a: canary('field') } }) })
  await fails({ body: prompt({ stream: canary('field') }) })
  await fails({ body: `{"a":${canary('short body')}` })
  await fails({ body: canary('bare body') })
  await fails({ body: `{"messages":["${canary('long body')}"],${canary('long body')}}` })
  await fails({ body: `{"k":"${canary('cut body')}` })
}

async function operatorsMistakes (fails: Fails, gateway: TestGateway): Promise<void> {
  const headers = { 'x-admin-key': ADMIN_KEY, 'content-type': 'application/json' }
  const generate = '/api/token/generate'
  await fails({ path: '/api/token/list', method: 'GET', headers: { 'x-admin-key': canary('wrong admin key') }, body: undefined })
  await fails({ path: generate, headers, body: JSON.stringify({ name: 'n', expires_in: canary('expiry') }) })
  await fails({ path: generate, headers, body: JSON.stringify({ name: { a: canary('name') } }) })
  await fails({ path: generate, headers, body: `{"name":${canary('admin body')}` })
  await fails({ path: '/api/token/revoke', headers, body: JSON.stringify({ id: canary('token id') }) })
  const made = await send(gateway.url, { path: generate, headers, body: JSON.stringify({ name: canary('name') }) })
  canaries['new token'] = (JSON.parse(made.body.toString()) as { token: string }).token.split('.')[2]!
  await send(gateway.url, { method: 'GET', path: '/api/keys/stats', headers })
}

/** Errors that the upstream words itself belong to the client, whatever they hold: of those only the log must be clean. */
async function upstreamFaults (fails: Fails, gateway: TestGateway, headers: Headers): Promise<void> {
  for (const name of ['reset', 'silent', 'html', 'garbage']) await fails({ body: prompt({ name }) })
  await fails({ body: prompt({ status: 302 }) })
  for (const status of [400, 401, 403, 404, 413, 500, 529, 429]) {
    await send(gateway.url, { headers, body: prompt({ model: `m${status}`, status }) })
    // A refused key would answer for none of what follows.
    for (const { id } of gateway.app.keyPool.stats().keys) gateway.app.keyPool.reset(id)
  }
  const leaver = new Exchange(gateway.url, { headers, body: prompt({ model: 'leaver' }) })
  await leaver.has('message_start')
  leaver.leave()
  await settled(gateway.app)
}

t.test('no secret, no body and no header is logged or told in an error', async (t) => {
  const upstream = await startUpstream(t, answer)
  const gateway = await startGateway(t, upstream.url, {
    jwt: { secret: canary('jwt secret') },
    claude: { api_keys: Array.from({ length: 40 }, () => ({ key: canary('key') })), idle_timeout: 100, headers_timeout: 100 },
    log: { level: 'trace' }
  })
  const [, claims, signature] = gateway.token.split('.')
  Object.assign(canaries, { claims, signature })
  const own = await provoke(t, gateway)

  const nowhere = await startGateway(t, `http://127.0.0.1:1/${canary('upstream path')}`, {
    claude: { api_keys: [{ key: canary('key') }] }, log: { level: 'trace' }
  })
  own.push((await send(nowhere.url, { headers: nowhere.headers, body: prompt() })).body.toString())
  await gateway.app.close()
  await nowhere.app.close()

  t.same(found(`"${canary('prompt').slice(5, 5 + PIECE)}"`), ['prompt'], 'a piece of a canary would be found')
  const lines = [...gateway.log, ...nowhere.log]
  t.ok(lines.filter((line) => line.includes('"msg":"request"')).length > 30, 'there are lines to look at')
  t.same(lines.filter((line) => found(line).length > 0 || line.includes(ADMIN_KEY)), [], 'the log is clean')
  for (const text of own) t.same(found(text), [], text)
})
