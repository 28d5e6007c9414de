import type { ServerResponse } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { ADMIN_KEY, startGateway } from '../helpers/gateway.ts'
import { Exchange, send } from '../helpers/raw-client.ts'
import { messages, STREAMING } from '../helpers/settled.ts'
import { until } from '../helpers/until.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { cookieOf, startWebGateway, webSettled, type WebGateway, type WebGatewayOptions } from '../helpers/web.ts'

const COOKIE = cookieOf('routes')
const ADDED = ['id', 'name', 'organization_id', 'organization_name', 'plan', 'created_at', 'expires_at', 'is_active', 'status', 'status_reason', 'warning']
const LISTED = [
  ...ADDED, 'last_used_at', 'cooldown_until', 'cooldowns', 'cookie_ends_at', 'running', 'request_count', 'error_count', 'last_error', 'last_error_reason', 'limits'
]
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

const ADMIN = { 'x-admin-key': ADMIN_KEY }
const JSON_TYPE = { 'content-type': 'application/json' }

/** A gateway with a session, in front of a claude.ai that refuses whatever is asked beyond the organisations. */
async function refusing (t: Test, refuse: (res: ServerResponse, cookie: string | undefined) => unknown) {
  const claude = await startUpstream(t, (res, { req }) => {
    if (req.url === '/api/organizations') res.writeHead(200, JSON_TYPE).end(JSON.stringify([{ uuid: '00000000-0000-4000-8000-0000000000aa', capabilities: ['chat'] }]))
    else if (req.method === 'DELETE') res.writeHead(204).end()
    else refuse(res, req.headers.cookie)
  })
  const gateway = await startGateway(t, claude.url, { claude: { api_keys: [], web_url: claude.url }, log: { level: 'trace' } })
  await gateway.app.inject({ method: 'POST', url: '/api/session/add', headers: ADMIN, payload: { name: 'mine', session_key: COOKIE } })
  return { gateway, claude }
}

async function start (t: Test, cookies: string[] = [], options: WebGatewayOptions = {}) {
  const gateway = await startWebGateway(t, cookies, options)
  const [id = ''] = gateway.sessions
  return {
    gateway,
    web: gateway.web,
    id,
    add: (body: object) => gateway.admin('/api/session/add', { name: 'mine', ...body }),
    act: (action: string, of = id) => gateway.admin(`/api/session/${of}/${action}`, {}),
    remove: (of = id) => gateway.admin(`/api/session/${of}`, undefined, 'DELETE'),
    list: async () => (await gateway.admin('/api/session/list')).body.sessions,
    ask: (body = STREAMING) => send(gateway.url, { headers: gateway.headers, body })
  }
}

const organizationIn = ({ web }: { web: WebGateway['web'] }, cookie: string) => web.organizations(cookie)
const asked = (web: WebGateway['web'], endpoint: string) => web.requests.filter((request) => request.endpoint === endpoint).length

t.test('a session is added: the fields are a contract, and the cookie is not among them', async (t) => {
  const { add, web } = await start(t)
  const { status, body } = await add({ session_key: COOKIE })
  t.equal(status, 200)
  t.same(Object.keys(body).sort(), [...ADDED].sort())
  t.match(body, {
    id: /^[\da-f-]{36}$/,
    name: 'mine',
    organization_id: web.organizations(COOKIE)[0]!.uuid,
    organization_name: /Organization/,
    plan: 'pro',
    created_at: TIME,
    expires_at: null,
    is_active: true,
    status: 'active',
    status_reason: null,
    warning: null
  })
  t.notMatch(JSON.stringify(body), /made-up-cookie/)
})

t.test('sessions are listed, the newest first, with all that is known', async (t) => {
  const { list, ask } = await start(t, [COOKIE, cookieOf('second')])
  const before = await list()
  t.same(before.map(({ name }: { name: string }) => name).sort(), ['session 1', 'session 2'])
  for (const session of before) t.same(Object.keys(session).sort(), [...LISTED].sort())
  await ask()
  const used = (await list()).find((session: { request_count: number }) => session.request_count === 1)
  t.match(used, { last_used_at: TIME, cookie_ends_at: TIME, running: 0, error_count: 0, last_error: null, limits: [{ name: '5h', utilization: 0.41, resets_at: TIME }, { name: '7d' }] })
  t.notMatch(JSON.stringify(await list()), /made-up-cookie/)
})

for (const [what, body, message] of [
  ['no key', {}, /^session_key: is required.*sk-ant-sid/],
  ['no text', { session_key: 7 }, /^session_key: must be string/],
  ['an empty key', { session_key: '' }, /^session_key: .*paste the value of the cookie/],
  ['an API key', { session_key: 'sk-ant-api03-made-up-made-up-made-up' }, /^session_key: .*paste the value of the cookie/],
  ['a line break within', { session_key: `${COOKIE.slice(0, 30)}\r\n${COOKIE.slice(30)}` }, /^session_key: .*paste the value of the cookie/],
  ['a control character', { session_key: `${COOKIE}\u0000` }, /^session_key: /],
  ['a control character in a line', { session_key: `a=b\u0007; sessionKey=${COOKIE}` }, /^session_key: /],
  ['two keys', { session_key: `sessionKey=${COOKIE}; sessionKey=${cookieOf('other')}` }, /^session_key: /],
  ['a name with a line break', { session_key: COOKIE, name: 'a\nb' }, /^name: .*printable/],
  ['an empty name', { session_key: COOKIE, name: '' }, /^name: /],
  ['an organisation that is no id', { session_key: COOKIE, organization_id: '../x' }, /^organization_id: .*UUID/],
  ['a life that is none', { session_key: COOKIE, expires_in: 'soon' }, /^expires_in: .*duration/],
  ['an unknown field', { session_key: COOKIE, cookie: 'x' }, /^cookie: is not a field/]
] as const) {
  t.test(`${what} is refused with the field and the mend, and claude.ai is not asked`, async (t) => {
    const { add, web, list, gateway } = await start(t)
    const answer = await add(body)
    t.match(answer, { status: 400, body: { error: { code: 'invalid_field', message } } })
    t.notMatch(JSON.stringify(answer) + gateway.log.join(''), /made-up-cookie/)
    t.equal(web.requests.length, 0)
    t.same(await list(), [])
  })
}

t.test('what claude.ai refuses is not stored', async (t) => {
  const { add, list, web } = await start(t)
  t.match(await add({ session_key: cookieOf('x-dead-x') }), { status: 400, body: { error: { code: 'invalid_field', message: /^session_key: .*signed out.*paste the new cookie/ } } })
  t.match(await add({ session_key: cookieOf('plan-api') }), { status: 400, body: { error: { message: /no organisation that can chat/ } } })
  web.kill(COOKIE)
  t.equal((await add({ session_key: COOKIE })).status, 400)
  t.same(await list(), [])
})

t.test('another organisation than the account\'s is refused with those that would do', async (t) => {
  const there = await start(t)
  const cookie = cookieOf('orgs-3')
  const [api, free, main] = organizationIn(there, cookie)
  const { status, body } = await there.add({ session_key: cookie, organization_id: api!.uuid })
  t.equal(status, 400)
  t.match(body.error, { code: 'invalid_field', message: /^organization_id: / })
  for (const { uuid } of [free!, main!]) t.ok(body.error.message.includes(uuid))
  t.match(await there.add({ session_key: cookie, organization_id: free!.uuid.toUpperCase() }), { status: 200, body: { organization_id: free!.uuid, plan: 'free' } })
})

t.test('an organisation for the API alone that comes first is passed over', async (t) => {
  const there = await start(t)
  const cookie = cookieOf('api-org-first')
  const [api, main] = organizationIn(there, cookie)
  t.notOk(api!.capabilities.includes('chat'))
  t.match(await there.add({ session_key: cookie }), { body: { organization_id: main!.uuid, status: 'active' } })
  t.equal((await there.ask()).status, 200)
})

t.test('what claude.ai holds against the account is a warning', async (t) => {
  const { add } = await start(t)
  t.match(await add({ session_key: cookieOf('flag-first_warning-x') }), { status: 200, body: { status: 'active', warning: /first_warning/ } })
})

for (const fault of ['organizations-challenge', 'organizations-redirect', 'organizations-500', 'organizations-reset']) {
  t.test(`${fault}: it is stored unverified, and checked at its first use`, async (t) => {
    const { add, web, ask, list } = await start(t)
    web.fail('organizations', fault)
    const { status, body } = await add({ session_key: COOKIE })
    t.equal(status, 200)
    t.match(body, { status: 'unverified', status_reason: /.+/, organization_id: null, plan: null })
    t.equal((await ask()).status, 200)
    t.match(await list(), [{ status: 'active', status_reason: null, plan: 'pro', organization_id: web.organizations(COOKIE)[0]!.uuid }])
    await ask()
    t.equal(asked(web, 'organizations'), 2, 'once')
  })
}

t.test('many that need an unchecked session at the same time ask about it once', async (t) => {
  const { add, web, ask } = await start(t)
  web.fail('organizations', 'organizations-500')
  await add({ session_key: COOKIE })
  t.same((await Promise.all(Array.from({ length: 10 }, () => ask()))).map(({ status }) => status), Array(10).fill(200))
  t.equal(asked(web, 'organizations'), 2)
})

t.test('an organisation that was wanted is kept although claude.ai could not be asked', async (t) => {
  const { add, web } = await start(t)
  web.fail('organizations', 'organizations-500')
  const wanted = web.organizations(COOKIE)[0]!.uuid
  t.match(await add({ session_key: COOKIE, organization_id: wanted }), { body: { status: 'unverified', organization_id: wanted } })
})

t.test('a session that turns out dead at its first use is told as such', async (t) => {
  const { add, web, ask, list } = await start(t)
  web.fail('organizations', 'organizations-reset')
  await add({ session_key: COOKIE })
  web.kill(COOKIE)
  t.equal((await ask()).status, 503)
  t.match(await list(), [{ status: 'dead', status_reason: /signed out/ }])
})

t.test('the same cookie is stored once, however it was pasted', async (t) => {
  const { add, list, id } = await start(t, [COOKIE])
  t.match(await add({ session_key: `sessionKey=${COOKIE};` }), { status: 409, body: { error: { code: 'session_exists', message: new RegExp(id) } } })
  const fresh = cookieOf('twice')
  const answers = await Promise.all([add({ session_key: fresh }), add({ session_key: fresh })])
  t.same(answers.map(({ status }) => status).sort(), [200, 409])
  t.equal((await list()).length, 2)
})

t.test('a life is kept, and a session is used no longer', async (t) => {
  const { add, list } = await start(t)
  t.match(await add({ session_key: COOKIE, expires_in: '30d' }), { body: { expires_at: TIME } })
  t.match(await list(), [{ expires_at: TIME, status: 'active' }])
})

t.test('a session is deleted with its conversations', async (t) => {
  const { remove, list, web, ask, gateway } = await start(t, [COOKIE])
  for (const content of ['one', 'two']) await ask(messages({ messages: [{ role: 'user', content }] }))
  t.equal(web.conversations.size, 2)
  t.same(await remove(), { status: 200, body: { message: 'session deleted successfully' } })
  t.equal(web.conversations.size, 0)
  t.same(await list(), [])
  t.equal((await remove()).status, 404)
  t.match(await ask(), { status: 503 })
  await webSettled(gateway.app)
})

for (const action of ['delete', 'deactivate']) {
  t.test(`${action} while an answer runs: it comes to its end, and its conversation is not kept`, async (t) => {
    const { remove, act, web, gateway, list } = await start(t, [COOKIE])
    const hold = web.hold('completion-mid')
    const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })
    await hold.arrived
    t.equal((await (action === 'delete' ? remove() : act('deactivate'))).status, 200)
    hold.release()
    t.match((await exchange.done).body.toString(), /event: message_stop/)
    await webSettled(gateway.app)
    t.equal(web.conversations.size, 0)
    t.equal(gateway.app.webConversations.held, 0)
    t.equal((await list()).length, action === 'delete' ? 0 : 1)
  })
}

t.test('a session that cannot delete its conversations is deleted all the same', async (t) => {
  const { remove, list, web, ask } = await start(t, [COOKIE])
  await ask()
  web.fail('delete', 'delete-500', 100)
  t.equal((await remove()).status, 200)
  t.same(await list(), [])
})

t.test('a session is taken out of use, and put back', async (t) => {
  const { act, list, ask, web, gateway } = await start(t, [COOKIE])
  await ask()
  for (let n = 0; n < 2; n++) t.same(await act('deactivate'), { status: 200, body: { message: 'session deactivated successfully' } })
  t.match(await list(), [{ is_active: false, status: 'deactivated' }])
  t.match(await ask(), { status: 503 })
  t.equal((await gateway.app.inject('/ready')).statusCode, 503)
  await webSettled(gateway.app)
  t.equal(web.conversations.size, 0)
  t.same(await act('activate'), { status: 200, body: { message: 'session activated successfully' } })
  t.match(await list(), [{ is_active: true, status: 'active' }])
  t.equal((await ask()).status, 200)
})

t.test('a check finds a session dead, and finds it alive again', async (t) => {
  const { act, web, ask, id } = await start(t, [COOKIE])
  web.kill(COOKIE)
  const { status, body } = await act('check')
  t.equal(status, 200)
  t.same(Object.keys(body).sort(), [...LISTED].sort())
  t.match(body, { id, status: 'dead', status_reason: /signed out/ })
  t.match(await ask(), { status: 503, headers: { 'x-should-retry': 'false' } })
  web.clear(COOKIE)
  t.match((await act('check')).body, { status: 'active', status_reason: null })
  t.equal((await ask()).status, 200)
})

for (const fault of ['organizations-challenge', 'organizations-500', 'organizations-reset']) {
  t.test(`a check that meets ${fault} says so, and the session stays in use`, async (t) => {
    const { act, web, ask } = await start(t, [COOKIE])
    web.fail('organizations', fault)
    t.match((await act('check')).body, { status: 'unverified', status_reason: /.+/, organization_id: /.+/, plan: 'pro' })
    t.equal((await ask()).status, 200)
  })
}

t.test('a check that finds the organisation again puts the session back in use at once', async (t) => {
  const { act, web, ask, list } = await start(t, [COOKIE])
  web.fail('completion', 'wrong-organization')
  t.match(await ask(), { status: 503 })
  t.match(await list(), [{ status: 'cooling_down', status_reason: /organisation/ }])
  t.match((await act('check')).body, { status: 'active', cooldown_until: null })
  t.equal((await ask()).status, 200)
})

t.test('a check leaves a rate limit as it is', async (t) => {
  const { act, web, ask } = await start(t, [COOKIE])
  web.fail('completion', 'limit')
  t.equal((await ask()).status, 429)
  t.match((await act('check')).body, { status: 'cooling_down', cooldown_until: TIME })
})

t.test('an account whose organisation has changed is taken as it is now', async (t) => {
  const { act, web, list } = await start(t, [COOKIE])
  const [main] = web.organizations(COOKIE)
  main!.uuid = '00000000-0000-4000-8000-00000000cafe'
  main!.capabilities = ['chat', 'claude_max']
  t.match((await act('check')).body, { status: 'active', organization_id: main!.uuid, plan: 'max' })
  t.match(await list(), [{ organization_id: main!.uuid }])
})

t.test('a session that cannot be decrypted is listed as such, cannot be checked, and can be deleted', async (t) => {
  const folder = t.testdir({})
  const storage = { db_path: `${folder}/ccproxy.db`, encryption_key: 'made-up-storage-key-one-made-up-1' }
  const before = await start(t, [COOKIE], { storage })
  await before.gateway.app.close()
  const { list, act, remove, ask, gateway } = await start(t, [], { storage: { ...storage, encryption_key: 'made-up-storage-key-two-made-up-2' } })
  t.match(await list(), [{ id: before.id, status: 'unreadable', status_reason: /decrypted/ }])
  t.match(await act('check', before.id), { status: 409, body: { error: { code: 'session_unreadable', message: /CCPROXY_STORAGE_OLD_ENCRYPTION_KEYS/ } } })
  t.match(await ask(), { status: 503 })
  t.notMatch(gateway.log.join(''), /made-up-cookie/)
  t.equal((await remove(before.id)).status, 200)
})

t.test('a reset forgets what rests, and says so', async (t) => {
  const { act, web, ask, list } = await start(t, [COOKIE])
  web.fail('completion', 'limit')
  await ask()
  t.same(await act('reset'), { status: 200, body: { message: 'session reset successfully' } })
  t.match(await list(), [{ status: 'active', cooldown_until: null, cooldowns: [] }])
})

t.test('while all sessions rest, the models of their plans are told, and no session is called ready', async (t) => {
  const { web, ask, gateway } = await start(t, [COOKIE])
  web.fail('completion', 'limit')
  await ask()
  const { body } = await send(gateway.url, { method: 'GET', path: '/v1/models/claude-sonnet-5-5', headers: gateway.headers })
  t.match(JSON.parse(body.toString()), { id: 'claude-sonnet-5-5' })
  t.match((await gateway.app.inject('/ready')).json(), { status: 'not_ready', reason: /GET \/api\/session\/list/ })
})

// What an answer's Set-Cookie does to a session.

const LATER = cookieOf('renewed')
const cookies = (web: WebGateway['web']) => web.requests.map(({ headers }) => headers.cookie?.slice('sessionKey='.length))

t.test('a renewed cookie is used from the next request on, and outlives a restart', async (t) => {
  const folder = t.testdir({})
  const storage = { db_path: `${folder}/ccproxy.db` }
  const { ask, web, list, gateway } = await start(t, [COOKIE], { storage })
  web.renew(COOKIE, `sessionKey=${LATER}; Path=/; Max-Age=2419200; HttpOnly; Secure`)
  t.equal((await ask()).status, 200)
  await ask()
  t.equal(cookies(web).at(-1), LATER)
  t.match(await list(), [{ status: 'active', warning: null }])
  await gateway.app.close()
  const next = await start(t, [], { storage })
  await next.ask()
  t.equal(cookies(next.web)[0], LATER)
})

t.test('the same cookie again changes nothing but when it ends', async (t) => {
  const { ask, web, list } = await start(t, [COOKIE])
  const [before] = await list()
  web.renew(COOKIE, `sessionKey=${COOKIE}; Max-Age=${40 * 86_400}`)
  await ask()
  await ask()
  t.ok(cookies(web).every((cookie) => cookie === COOKIE))
  const [after] = await list()
  t.ok(Date.parse(after.cookie_ends_at) > Date.parse(before.cookie_ends_at) + 11 * 86_400_000)
})

for (const [what, header] of [
  ['a cookie that is cleared', 'sessionKey=""; Max-Age=0'],
  ['a cookie that has ended', `sessionKey=${LATER}; Expires=Thu, 01 Jan 1970 00:00:00 GMT`],
  ['another cookie', `sessionKeyLC=${LATER}`],
  ['another name that ends alike', `my_sessionKey=${LATER}`],
  ['a name in other letters', `sessionkey=${LATER}`],
  ['a value that is no key', 'sessionKey=made-up'],
  ['a key in another cookie\'s value', `other="sessionKey=${LATER}"`]
] as const) {
  t.test(`${what} changes nothing`, async (t) => {
    const { ask, web, list } = await start(t, [COOKIE])
    web.renew(COOKIE, header)
    t.equal((await ask()).status, 200)
    t.equal((await ask()).status, 200)
    t.ok(cookies(web).every((cookie) => cookie === COOKIE))
    t.match(await list(), [{ status: 'active' }])
  })
}

t.test('a cookie on an answer that is no success is not taken', async (t) => {
  const { gateway, claude } = await refusing(t, (res) => {
    res.writeHead(500, { ...JSON_TYPE, 'set-cookie': `sessionKey=${LATER}; Max-Age=1000` }).end('{}')
  })
  for (let n = 0; n < 2; n++) t.equal((await send(gateway.url, { headers: gateway.headers, body: STREAMING })).status, 502)
  await webSettled(gateway.app)
  t.ok(claude.seen.length > 4)
  t.ok(claude.seen.every(({ req }) => req.headers.cookie === `sessionKey=${COOKIE}`))
})

t.test('a renewed cookie that is refused gives way to the one before it', async (t) => {
  const { ask, web, list } = await start(t, [COOKIE])
  web.renew(COOKIE, `sessionKey=${LATER}; Max-Age=2419200`)
  await ask()
  web.kill(LATER)
  t.match(await ask(), { status: 503, headers: { 'retry-after': '1' } }, 'worth another request')
  await until(async () => (await list())[0].status === 'unverified', 'the way back')
  t.equal((await ask()).status, 200)
  t.equal(cookies(web).at(-1), COOKIE)
  t.match(await list(), [{ status: 'active', status_reason: null }])
})

t.test('a check goes back to the cookie before too', async (t) => {
  const { ask, act, web } = await start(t, [COOKIE])
  web.renew(COOKIE, `sessionKey=${LATER}; Max-Age=2419200`)
  await ask()
  web.kill(LATER)
  t.match((await act('check')).body, { status: 'active' })
  t.equal((await ask()).status, 200)
})

t.test('a check is not believed about a cookie that was renewed while it was asked about', async (t) => {
  const { act, gateway, web, id } = await start(t, [COOKIE])
  web.renew(COOKIE, `sessionKey=${LATER}; Max-Age=2419200`)
  web.kill(COOKIE)
  const session = gateway.app.sessionStore.get(id)!
  const checking = act('check')
  await turn()
  await gateway.app.sessionStore.renew(session, LATER, null)
  t.match((await checking).body, { status: 'active' })
})

t.test('claude.ai\'s words reach the client without the cookie, should they repeat it', async (t) => {
  const { gateway } = await refusing(t, (res, cookie) => {
    res.writeHead(400, JSON_TYPE).end(JSON.stringify({ error: { type: 'invalid_request_error', message: `made up: ${cookie}` } }))
  })
  const { body } = await send(gateway.url, { headers: gateway.headers, body: STREAMING })
  t.match(body.toString(), /made up: sessionKey=\.\.\./)
  const list = await gateway.app.inject({ url: '/api/session/list', headers: ADMIN })
  t.match(list.body, /made up/)
  t.notMatch(body.toString() + list.body + gateway.log.join(''), /made-up-cookie/)
})

t.test('a client that leaves while its file is on the way is no error of the session', async (t) => {
  const { gateway, web, list } = await start(t, [COOKIE])
  const hold = web.hold('upload')
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }
  const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: messages({ messages: [{ role: 'user', content: [image] }] }) })
  await hold.arrived
  exchange.leave()
  await webSettled(gateway.app)
  t.match(await list(), [{ request_count: 1, error_count: 0, last_error: null }])
})

t.test('a refusal without end is told from its beginning', async (t) => {
  const claude = await refusing(t, (res) => {
    if (res.req.url?.endsWith('/completion') !== true) return res.writeHead(201, JSON_TYPE).end('{}')
    res.writeHead(403, JSON_TYPE)
    const more = () => { while (res.writable && res.write(Buffer.alloc(64 * 1024, ' '))); }
    res.on('drain', more)
    return more()
  })
  t.equal((await send(claude.gateway.url, { headers: claude.gateway.headers, body: STREAMING })).status, 502)
  await webSettled(claude.gateway.app)
})
