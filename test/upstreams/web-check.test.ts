import t from 'tap'
import { GatewayError } from '../../src/errors.ts'
import { createWebCheck } from '../../src/upstreams/web-check.ts'
import { cookieOf } from '../helpers/web.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const COOKIE = cookieOf('checked')
const ID = '00000000-0000-4000-8000-0000000000aa'
const OTHER = '00000000-0000-4000-8000-0000000000bb'
const own = { uuid: ID, name: 'made up', capabilities: ['chat', 'claude_pro'] }
const other = { uuid: OTHER, name: 'other', capabilities: ['chat'] }

interface Reply { status?: number, headers?: Record<string, string>, body?: unknown }

function check ({ status = 200, headers = {}, body }: Reply, wanted: string | null = null) {
  return createWebCheck({ client: { organizations: async () => ({ status, headers, bytes: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }) }, clock: () => NOW })(COOKIE, wanted)
}

const failing = (error: Error) => createWebCheck({ client: { organizations: () => Promise.reject(error) } })(COOKIE, null)
const refusal = (type: string, message: string, code?: string) => ({ type: 'error', error: { type, message, ...code && { details: { error_code: code } } } })

t.test('a session that lives is active, with the organisation that can do most', async (t) => {
  t.same(await check({ body: [other, own] }), {
    status: 'active', reason: null, organization: { id: ID, name: 'made up', plan: 'pro' }, wrongOrganization: null, warning: null
  })
})

t.test('the wanted organisation is taken, however its id is written', async (t) => {
  t.match(await check({ body: [own, other] }, OTHER), { status: 'active', organization: { id: OTHER, plan: 'free' } })
  t.match(await check({ body: [own, other] }, OTHER.toUpperCase()), { status: 'active', organization: { id: OTHER } })
})

t.test('where the wanted one is not there, those are named that would do', async (t) => {
  t.match(await check({ body: [own] }, OTHER), { status: 'unverified', organization: null, wrongOrganization: [{ id: ID, name: 'made up' }] })
})

t.test('an account that cannot chat at all', async (t) => {
  for (const body of [[], [{ ...own, capabilities: ['api'] }]]) {
    t.match(await check({ body }), { status: 'unverified', reason: /no organisation that can chat/, organization: null, wrongOrganization: [] })
  }
})

t.test('what claude.ai holds against the account is a warning', async (t) => {
  const active = [{ type: 'restricted', expires_at: '2099-01-01T00:00:00Z' }]
  t.match(await check({ body: [{ ...own, active_flags: active }] }), { status: 'active', warning: /marks this account: restricted/ })
  t.match(await check({ body: [{ ...own, active_flags: [{ type: 'restricted', expires_at: '2026-01-01T00:00:00Z' }] }] }), { warning: null }, 'not when it is over')
})

for (const [what, reply, status, reason] of [
  ['a session that has ended', { status: 403, body: refusal('permission_error', 'Invalid authorization', 'account_session_invalid') }, 'dead', /signed out or has expired/],
  ['a key that is none', { status: 401, body: refusal('authentication_error', 'Invalid authorization') }, 'dead', /signed out/],
  ['a disabled account', { status: 400, body: refusal('invalid_request_error', 'This organization has been disabled.') }, 'disabled', /disabled/],
  ['a browser check', { status: 403, headers: { 'content-type': 'text/html', 'cf-mitigated': 'challenge' }, body: 'Just a moment...' }, 'unverified', /browser check.*session is fine/],
  ['a page with 200', { headers: { 'content-type': 'text/html' }, body: '<!doctype html>' }, 'unverified', /page/],
  ['a redirect', { status: 302, headers: { location: '/login' }, body: '' }, 'unverified', /redirect/],
  ['a bare 403', { status: 403, body: 'Forbidden' }, 'unverified', /without saying/],
  ['a bare 401', { status: 401, body: '' }, 'unverified', /.+/],
  ['a rate limit', { status: 429, body: refusal('rate_limit_error', 'made up') }, 'unverified', /used up/],
  ['a failure', { status: 500, body: '' }, 'unverified', /failed/],
  ['an error in place of the list', { body: refusal('made_up', 'made up') }, 'unverified', /something else than a list/],
  ['no JSON', { body: 'made up' }, 'unverified', /something else than a list/]
] as const) {
  t.test(`${what}: ${status}`, async (t) => {
    t.match(await check(reply), { status, reason, organization: null, wrongOrganization: null })
  })
}

t.test('not to be answered is an answer too', async (t) => {
  t.match(await failing(new GatewayError('api_error', 'The upstream could not be reached (ECONNREFUSED).')), {
    status: 'unverified', reason: /could not be asked.*ECONNREFUSED/, organization: null
  })
  await t.rejects(failing(new TypeError('a defect')), /a defect/)
})
