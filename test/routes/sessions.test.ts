import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { messages, STREAMING } from '../helpers/settled.ts'
import { send } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'
import { cookieOf, startWebGateway, webSettled, type WebGateway } from '../helpers/web.ts'

const COOKIE = cookieOf('routes')
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

function add (gateway: WebGateway, body: object) {
  return gateway.admin('/api/session/add', { name: 'mine', ...body })
}

async function list (gateway: WebGateway): Promise<any[]> {
  return (await gateway.admin('/api/session/list')).body.sessions
}

t.test('add answers with the plan and the organisation, and never with the cookie', async (t) => {
  const gateway = await startWebGateway(t, [])
  const { status, body } = await add(gateway, { session_key: COOKIE, expires_in: '30d' })
  t.equal(status, 200)
  t.match(body, {
    id: UUID, name: 'mine', organization_id: UUID, organization_name: /Organization/, plan: 'pro', created_at: TIME, expires_at: TIME, is_active: true, status: 'active'
  })
  t.ok(Date.parse(body.expires_at) - Date.parse(body.created_at) >= 29 * 86_400_000)
  t.notMatch(JSON.stringify([body, await list(gateway)]), /sk-ant/)
})

t.test('the list tells all there is to know, newest first', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE, cookieOf('plan-free')])
  const sessions = await list(gateway)
  t.same(sessions.map(({ plan }) => plan).sort(), ['free', 'pro'])
  t.match(sessions[0], {
    id: UUID, last_used_at: null, status: 'active', status_reason: null, cooldown_until: null, cooldowns: [], cookie_ends_at: TIME, warning: null, running: 0, limits: []
  })
  await send(gateway.url, { headers: gateway.headers, body: STREAMING })
  await webSettled(gateway.app)
  t.match((await list(gateway)).find(({ request_count: count }) => count === 1), {
    last_used_at: TIME, limits: [{ name: '5h', status: 'within', utilization: 0.41, resets_at: TIME }, { name: '7d' }]
  })
})

for (const [form, pasted] of [
  ['the cookie as the browser shows it', `sessionKey=${COOKIE};`], ['a whole header', `Cookie: a=1; sessionKey=${COOKIE}; b=2`], ['with a line break', `${COOKIE}\n`],
  ['of a later kind', COOKIE.replace('sid01', 'sid02')]
] as const) {
  t.test(`a session key is taken ${form}`, async (t) => {
    const gateway = await startWebGateway(t, [])
    t.match(await add(gateway, { session_key: pasted }), { status: 200, body: { status: 'active' } })
  })
}

for (const [what, body, message] of [
  ['a key of the API', { session_key: 'sk-ant-api03-made-up-key-made-up-key' }, /^session_key: is not a session key.*sk-ant-sid/],
  ['a control character', { session_key: `${COOKIE.slice(0, 30)}\u0007${COOKIE.slice(30)}` }, /^session_key: /],
  ['an injected header', { session_key: `${COOKIE}\r\nx-evil: 1` }, /^session_key: /],
  ['no key', {}, /^session_key: is required.*sk-ant-sid/],
  ['a name that is none', { session_key: COOKIE, name: 'a\nb' }, /^name: .*printable/],
  ['an organisation that is no id', { session_key: COOKIE, organization_id: '../../evil' }, /^organization_id: .*UUID/],
  ['a life that is none', { session_key: COOKIE, expires_in: 'soon' }, /^expires_in: .*30d/],
  ['a field that is none', { session_key: COOKIE, cookie: 'x' }, /^cookie: is not a field/]
] as const) {
  t.test(`${what} is a 400 that names the field and the mend`, async (t) => {
    const gateway = await startWebGateway(t, [])
    t.match(await add(gateway, body), { status: 400, body: { error: { message } } })
    t.same(await list(gateway), [])
    t.equal(gateway.web.requests.length, 0, 'claude.ai is not asked')
  })
}

t.test('a dead session and a disabled account are refused, and nothing is stored', async (t) => {
  const gateway = await startWebGateway(t, [])
  gateway.web.kill(COOKIE)
  t.match(await add(gateway, { session_key: COOKIE }), { status: 400, body: { error: { message: /does not accept it: .*signed out.*Sign in again/ } } })
  t.same(await list(gateway), [])
})

t.test('the organisation for the API alone is passed over, and a wrong one is told beside those that would do', async (t) => {
  const gateway = await startWebGateway(t, [])
  const cookie = cookieOf('api-org')
  const right = gateway.web.organizations(cookie).at(-1)!.uuid
  const wrong = await add(gateway, { session_key: cookie, organization_id: '00000000-0000-4000-8000-000000000001' })
  t.match(wrong, { status: 400, body: { error: { message: new RegExp(`^organization_id: .*${right}`) } } })
  t.match(await add(gateway, { session_key: cookie }), { status: 200, body: { organization_id: right } })
})

t.test('the same cookie twice is a conflict', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  t.match(await add(gateway, { session_key: COOKIE }), { status: 409, body: { error: { code: 'session_exists', message: new RegExp(gateway.sessions[0]!) } } })
})

t.test('with claude.ai out of reach a session is stored unverified, and verified by its first use', async (t) => {
  const gateway = await startWebGateway(t, [])
  gateway.web.fail('organizations', 'organizations-reset')
  t.match(await add(gateway, { session_key: COOKIE }), {
    status: 200, body: { status: 'unverified', status_reason: /could not be asked/, organization_id: null, plan: null }
  })
  t.equal((await send(gateway.url, { headers: gateway.headers, body: messages() })).status, 200)
  t.match(await list(gateway), [{ status: 'active', status_reason: null, plan: 'pro', organization_id: UUID }])
})

t.test('an unverified session that claude.ai still does not vouch for: the client is told why', async (t) => {
  const gateway = await startWebGateway(t, [])
  gateway.web.fail('organizations', 'organizations-challenge', 2)
  await add(gateway, { session_key: COOKIE })
  const { status, body } = await send(gateway.url, { headers: gateway.headers, body: messages() })
  t.equal(status, 503)
  t.match(JSON.parse(body.toString()).error.message, /could not be checked: .*browser check/)
  t.match(await list(gateway), [{ status: 'unverified', status_reason: /browser check; the session is fine/ }])
})

t.test('deactivate takes a session out of use, activate puts it back', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  const [id] = gateway.sessions
  t.match(await gateway.admin(`/api/session/${id}/deactivate`, {}), { status: 200, body: { message: 'session deactivated successfully' } })
  t.equal((await send(gateway.url, { headers: gateway.headers, body: messages() })).status, 503)
  t.match(await list(gateway), [{ status: 'deactivated', is_active: false }])
  t.match(await gateway.admin(`/api/session/${id}/activate`, {}), { status: 200 })
  t.equal((await send(gateway.url, { headers: gateway.headers, body: messages() })).status, 200)
})

t.test('check finds a session dead, and alive again', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  const check = () => gateway.admin(`/api/session/${gateway.sessions[0]}/check`, {})
  gateway.web.kill(COOKIE)
  t.match(await check(), { status: 200, body: { status: 'dead', status_reason: /signed out/ } })
  gateway.web.clear(COOKIE)
  t.match(await check(), { status: 200, body: { status: 'active', status_reason: null } })
})

t.test('a challenge is not taken for an end: check leaves the session in use', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  gateway.web.fail('organizations', 'organizations-challenge')
  t.match((await gateway.admin(`/api/session/${gateway.sessions[0]}/check`, {})).body.status_reason, /browser check; the session is fine/)
  t.equal((await send(gateway.url, { headers: gateway.headers, body: messages() })).status, 200)
})

t.test('delete takes its conversations along', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  await send(gateway.url, { headers: gateway.headers, body: messages() })
  await until(() => gateway.app.webConversations.held === 1, 'the conversation to be held')
  const deleted = await gateway.admin(`/api/session/${gateway.sessions[0]}`, undefined, 'DELETE')
  t.match(deleted, { status: 200, body: { message: 'session deleted successfully' } })
  t.equal(gateway.web.conversations.size, 0)
  t.same(await list(gateway), [])
  t.equal((await gateway.admin(`/api/session/${gateway.sessions[0]}`, undefined, 'DELETE')).status, 404)
})

t.test('a session that is deleted in the middle of its answer: the answer ends well, and nothing is left', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  const hold = gateway.web.hold('completion-mid')
  const answer = send(gateway.url, { headers: gateway.headers, body: STREAMING })
  await hold.arrived
  await gateway.admin(`/api/session/${gateway.sessions[0]}`, undefined, 'DELETE')
  hold.release()
  t.match((await answer).body.toString(), /event: message_stop/)
  await webSettled(gateway.app)
  await until(() => gateway.web.conversations.size === gateway.app.webConversations.held, 'the conversation to go')
})

t.test('an id that is none is 404 that says where they are', async (t) => {
  const gateway = await startWebGateway(t, [])
  for (const action of ['check', 'reset', 'deactivate', 'activate']) {
    t.match(await gateway.admin(`/api/session/nobody/${action}`, {}), { status: 404, body: { error: { code: 'session_not_found', message: /session\/list/ } } })
  }
})

for (const [what, cookie, isTaken] of [
  ['a new value is taken over', `sessionKey=${cookieOf('renewed')}; Path=/; Max-Age=2419200; HttpOnly; Secure`, true],
  ['a deletion is not', 'sessionKey=""; Max-Age=0', false],
  ['a value that is none is not', 'sessionKey=gone; Path=/', false],
  ['a cookie of a similar name is not', `xsessionKey=${cookieOf('renewed')}; Path=/`, false]
] as const) {
  t.test(`a cookie that claude.ai sets: ${what}`, async (t) => {
    const gateway = await startWebGateway(t, [COOKIE])
    gateway.web.renew(COOKIE, cookie)
    for (let n = 0; n < 3; n++) t.equal((await send(gateway.url, { headers: gateway.headers, body: messages() })).status, 200)
    await webSettled(gateway.app)
    t.equal(gateway.web.requests.at(-1)!.headers.cookie, `sessionKey=${isTaken ? cookieOf('renewed') : COOKIE}`)
    t.match(await list(gateway), [{ status: 'active' }])
  })
}

t.test('a renewed cookie that turns out to be worth nothing: the one before is tried again', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  gateway.web.renew(COOKIE, `sessionKey=${cookieOf('worthless')}; Path=/`)
  for (let n = 0; n < 2; n++) await send(gateway.url, { headers: gateway.headers, body: messages() })
  await webSettled(gateway.app)
  gateway.web.kill(cookieOf('worthless'))
  await send(gateway.url, { headers: gateway.headers, body: messages() })
  await until(async () => (await send(gateway.url, { headers: gateway.headers, body: messages() })).status === 200, 'the old cookie to serve')
  t.match(await list(gateway), [{ status: 'active' }])
  t.equal(gateway.web.requests.at(-1)!.headers.cookie, `sessionKey=${COOKIE}`)
})

t.test('without the admin key nobody learns of sessions', async (t) => {
  const { url, headers } = await startGateway(t, 'http://127.0.0.1:9')
  for (const path of ['/api/session/list', '/api/session/x/check']) {
    t.equal((await send(url, { method: path.endsWith('list') ? 'GET' : 'POST', path, headers })).status, 401)
  }
})
