import t from 'tap'
import { call, conversationsPath, cookieOf, say, site } from './helpers.ts'

const NOW = Date.UTC(2026, 10, 24)
const limitOf = (text: string) => JSON.parse(JSON.parse(text).error.message)

t.test('a killed session is dead everywhere, until it is cleared', async (t) => {
  const here = await site(t)
  here.web.kill(here.key)
  for (const path of ['/api/organizations', conversationsPath(here)]) {
    t.match(await call(here, 'GET', path), { status: 403, text: /account_session_invalid/ })
  }
  here.web.clear(here.key)
  t.equal((await call(here, 'GET', '/api/organizations')).status, 200)
})

t.test('a key can be dead from the start', async (t) => {
  t.match(await call(await site(t, 'sk-ant-sid01-made-up-dead-aaaa'), 'GET', '/api/organizations'), { status: 403, text: /account_session_invalid/ })
})

t.test('a disabled organisation refuses with 400', async (t) => {
  const here = await site(t)
  here.web.disable(here.key)
  t.match(await say(here, here.begin(), 'say hi'), { status: 400, text: /This organization has been disabled\./ })
})

t.test('a limit lasts until its reset', async (t) => {
  let now = NOW
  const here = await site(t, undefined, { clock: () => now })
  here.web.limit(here.key, { resetsAt: NOW / 1_000 + 60, claim: 'seven_day' })
  const refused = await say(here, here.begin(), 'say hi')
  t.equal(refused.status, 429)
  t.match(limitOf(refused.text), { type: 'exceeded_limit', resetsAt: NOW / 1_000 + 60, perModelLimit: false, representativeClaim: 'seven_day' })
  t.equal((await call(here, 'GET', '/api/organizations')).status, 200)
  now += 60_000
  t.equal((await say(here, here.begin(), 'say hi')).status, 200)
})

t.test('a limit can be for one model', async (t) => {
  const here = await site(t)
  here.web.limit(here.key, { model: 'claude-opus-5-5' })
  t.match(limitOf((await say(here, here.begin(), 'say hi', { model: 'claude-opus-5-5' })).text), { perModelLimit: true })
  t.equal((await say(here, here.begin(), 'say hi', { model: 'claude-haiku-5-5' })).status, 200)
  here.web.clear(here.key)
  t.equal((await say(here, here.begin(), 'say hi', { model: 'claude-opus-5-5' })).status, 200)
})

t.test('a renewed cookie comes once, with a good answer', async (t) => {
  const here = await site(t)
  const cookie = `sessionKey=${here.key}; Path=/; HttpOnly; Secure`
  here.web.renew(here.key, cookie)
  t.notOk((await call(here, 'GET', conversationsPath(here, '11111111-1111-4111-8111-111111111111'))).headers.getSetCookie().includes(cookie))
  t.ok((await call(here, 'GET', '/api/organizations')).headers.getSetCookie().includes(cookie))
  t.notOk((await call(here, 'GET', '/api/organizations')).headers.getSetCookie().includes(cookie))
})

t.test('a renewed cookie comes with a stream and with a deletion too', async (t) => {
  const here = await site(t)
  const conversation = here.begin()
  const gone = 'sessionKey=""; Max-Age=0'
  const foreign = 'not-sessionKey=made-up'
  here.web.renew(here.key, gone)
  t.ok((await say(here, conversation, 'say hi')).headers['set-cookie']?.includes(gone))
  here.web.renew(here.key, foreign)
  t.ok((await call(here, 'DELETE', conversationsPath(here, conversation.uuid))).headers.getSetCookie().includes(foreign))
})

t.test('a changed cookie is the same account', async (t) => {
  const here = await site(t)
  const other = 'sk-ant-sid02-made-up-bbbb'
  here.web.renew(here.key, `sessionKey=${other}; Path=/`)
  await call(here, 'GET', '/api/organizations')
  here.web.kill(here.key)
  t.equal((await call(here, 'GET', conversationsPath(here))).status, 403)
  const response = await fetch(here.url + conversationsPath(here), { headers: cookieOf(other) })
  t.equal(response.status, 200)
})

t.test('an endpoint fails as often as it is told to', async (t) => {
  const here = await site(t)
  const path = conversationsPath(here, here.begin().uuid)
  here.web.fail('delete', '500', 2)
  const statuses: number[] = []
  for (let request = 0; request < 3; request++) statuses.push((await call(here, 'DELETE', path)).status)
  t.same(statuses, [500, 500, 204])
})

t.test('a fault that there is not is refused at once', async (t) => {
  const { web } = await site(t)
  t.throws(() => web.fail('delete', 'nothing'), { name: 'TypeError', message: /no fault "nothing"; there are .*challenge/ })
})
