import t from 'tap'
import { call, conversationsPath, KEY, site } from './helpers.ts'

const INVALID = { type: 'error', error: { type: 'permission_error', message: 'Invalid authorization', details: { error_code: 'account_session_invalid' } } }
const PATH = '/api/organizations'

t.test('a session key is let in by its cookie alone, whatever its generation', async (t) => {
  for (const key of ['sk-ant-sid01-made-up-aaaa', 'sk-ant-sid02-made-up_bbbb']) {
    const response = await call(await site(t, key), 'GET', PATH)
    t.equal(response.status, 200)
    t.match(response.json(), [{ uuid: /^[\da-f-]{36}$/, id: Number, name: String, capabilities: ['chat', 'claude_pro'], rate_limit_tier: String, active_flags: [] }])
  }
})

t.test('no cookie is an invalid session', async (t) => {
  const { url } = await site(t)
  const response = await fetch(url + PATH, { headers: { 'x-api-key': KEY, authorization: `Bearer ${KEY}` } })
  t.equal(response.status, 403)
  t.match(await response.json(), INVALID)
})

t.test('a cookie whose name only ends in the right one is none', async (t) => {
  const { url } = await site(t)
  t.equal((await fetch(url + PATH, { headers: { cookie: `not-sessionKey=${KEY}; sessionKeyOld=${KEY}` } })).status, 403)
})

t.test('a cookie among others is found', async (t) => {
  const { url } = await site(t)
  t.equal((await fetch(url + PATH, { headers: { cookie: `one=1; sessionKey=${KEY}; other=2` } })).status, 200)
})

t.test('a malformed key is 401', async (t) => {
  const { url } = await site(t)
  const response = await call({ url, key: 'sk-ant-api03-made-up' }, 'GET', PATH)
  t.equal(response.status, 401)
  t.match(response.json(), { error: { type: 'authentication_error', message: 'Invalid authorization' } })
})

for (const [plan, capability] of Object.entries({ free: 'chat', pro: 'claude_pro', max: 'claude_max', team: 'raven' })) {
  t.test(`a key brings the plan ${plan}`, async (t) => {
    t.match((await call(await site(t, `sk-ant-sid01-made-up-plan-${plan}-aaaa`), 'GET', PATH)).json()[0].capabilities.at(-1), capability)
  })
}

for (const name of ['orgs-2', 'api-org']) {
  t.test(`${name}: the first organisation cannot chat`, async (t) => {
    const here = await site(t, `sk-ant-sid01-made-up-${name}-aaaa`)
    const [first, second] = (await call(here, 'GET', PATH)).json()
    t.notOk(first.capabilities.includes('chat'))
    t.ok(second.capabilities.includes('chat'))
    t.not(first.uuid, second.uuid)
    const refused = await call(here, 'GET', conversationsPath({ organization: first.uuid }))
    t.equal(refused.status, 403)
    t.match(refused.json(), { error: { type: 'permission_error', message: 'Invalid authorization for organization' } })
  })
}

t.test('a foreign organisation is 403, and the session is fine', async (t) => {
  const here = await site(t)
  const [foreign] = here.web.organizations('sk-ant-sid01-made-up-bbbb')
  const refused = await call(here, 'GET', conversationsPath({ organization: foreign!.uuid }))
  t.equal(refused.status, 403)
  t.equal(refused.json().error.message, 'Invalid authorization for organization')
  t.equal((await call(here, 'GET', PATH)).status, 200)
})

t.test('a key has the same organisation in every simulator', async (t) => {
  t.equal((await site(t)).organization, (await site(t)).organization)
})

t.test('a notice is in the flags', async (t) => {
  const here = await site(t, 'sk-ant-sid01-made-up-flag-first_warning-aaaa')
  t.match((await call(here, 'GET', PATH)).json(), [{ active_flags: [{ type: 'first_warning', expires_at: '2099-01-01T00:00:00Z' }] }])
})

t.test('bootstrap and usage tell of the account', async (t) => {
  const here = await site(t, 'sk-ant-sid01-made-up-limit-approaching-aaaa')
  t.match((await call(here, 'GET', '/api/bootstrap')).json(), { account: { memberships: [{ organization: { uuid: here.organization } }] } })
  t.match((await call(here, 'GET', `/api/organizations/${here.organization}/usage`)).json(), { five_hour: { utilization: 92, resets_at: String } })
})

t.test('what there is not is 404', async (t) => {
  const response = await call(await site(t), 'GET', '/api/nothing')
  t.equal(response.status, 404)
  t.match(response.json(), { type: 'error', error: { type: 'not_found_error' } })
})
