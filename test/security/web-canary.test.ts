import t from 'tap'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ADMIN_KEY, startGateway } from '../helpers/gateway.ts'
import { Exchange, send } from '../helpers/raw-client.ts'
import { messages, STREAMING } from '../helpers/settled.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { cookieOf, startWebGateway, webSettled } from '../helpers/web.ts'

// Cookies go in, and to claude.ai, and nowhere else: not into the database's files, the log at its most talkative, an error or a list.

const COOKIES = [cookieOf('canary-one'), cookieOf('canary-two')]
const RENEWED = cookieOf('canary-renewed')
const REFUSED = cookieOf('canary-refused')
const ALL = [...COOKIES, RENEWED, REFUSED]
const PIECE = 'canary-'

/** Everything that goes wrong with a completion, once. */
const FAULTS = [
  'session-invalid', 'unauthenticated', 'wrong-organization', 'model-not-in-plan', 'challenge', 'redirect', 'org-disabled', 'empty-400', 'not-found', 'too-long',
  'limit', 'limit-words', 'error-first', 'error-mid', 'reset-before', 'reset-mid', 'truncate', '500', 'bare-403', 'html'
]

t.test('no cookie is in the database\'s files, the log, an error or a list', async (t) => {
  const folder = t.testdir({})
  const gateway = await startWebGateway(t, COOKIES, { storage: { db_path: join(folder, 'ccproxy.db') }, log: { level: 'trace' } })
  const told: string[] = []
  const { web } = gateway
  const add = async (body: object) => told.push(JSON.stringify((await gateway.admin('/api/session/add', { name: 'x', ...body })).body))

  web.kill(REFUSED)
  await add({ session_key: REFUSED })
  await add({ session_key: `sessionKey=${COOKIES[0]!};` })
  await add({ session_key: `${COOKIES[0]!}\n`, organization_id: 'no uuid' })
  await add({ session_key: `${REFUSED.slice(4)}` })
  web.renew(COOKIES[1]!, `sessionKey=${RENEWED}; Path=/; Max-Age=2419200; HttpOnly; Secure`)
  for (const fault of FAULTS) {
    web.fail('completion', fault, 3)
    told.push((await send(gateway.url, { headers: gateway.headers, body: STREAMING })).body.toString())
    for (const id of gateway.sessions) {
      await gateway.admin(`/api/session/${id}/reset`, {})
      told.push(JSON.stringify((await gateway.admin(`/api/session/${id}/check`, {})).body))
    }
    told.push(JSON.stringify((await gateway.admin('/api/session/list')).body))
    // What was ordered and not met is met now, so that the next fault is the next.
    for (let n = 0; n < 3; n++) await send(gateway.url, { headers: gateway.headers, body: messages() })
  }
  const leaver = new Exchange(gateway.url, { headers: { ...gateway.headers, 'x-ccproxy-debug': '1' }, body: STREAMING })
  await leaver.head
  leaver.leave()
  await webSettled(gateway.app)

  t.ok(web.requests.some(({ headers }) => headers.cookie === `sessionKey=${RENEWED}`), 'the renewed cookie is in use')
  const files = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name)) }))
  t.ok(files.some(({ name }) => name.endsWith('.db')))
  t.same(files.filter(({ bytes }) => bytes.includes(PIECE)).map(({ name }) => name), [], 'the files')
  t.ok(gateway.log.length > 100)
  t.same(gateway.log.filter((line) => line.includes(PIECE)), [], 'the log')
  t.same(told.filter((text) => text.includes(PIECE)), [], 'what was told')
  await gateway.app.close()
  t.same(readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(PIECE)), [], 'the files after the end')
  t.ok(ALL.every((cookie) => cookie.includes(PIECE)), 'a piece would have been found')
})

t.test('a redirect is not followed: the cookie stays at home', async (t) => {
  const decoy = await startUpstream(t, (res) => res.end('{}'))
  const claude = await startUpstream(t, (res) => res.writeHead(302, { location: `${decoy.url}/api/organizations` }).end())
  const gateway = await startGateway(t, claude.url, { claude: { api_keys: [], web_url: claude.url } })
  const { body } = await send(gateway.url, {
    path: '/api/session/add',
    headers: { 'x-admin-key': ADMIN_KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'mine', session_key: COOKIES[0] })
  })
  t.match(JSON.parse(body.toString()), { status: 'unverified', status_reason: /redirect/ })
  await send(gateway.url, { headers: gateway.headers, body: STREAMING })
  t.equal(decoy.seen.length, 0)
  t.ok(claude.seen.length >= 2)
})

t.test('claude.ai is told nothing of the client: no header, no token, no admin key', async (t) => {
  const gateway = await startWebGateway(t, [COOKIES[0]!])
  await send(gateway.url, {
    headers: { ...gateway.headers, cookie: 'canary-client-cookie', 'x-forwarded-for': '192.0.2.1', origin: 'https://canary.example', 'user-agent': 'canary-agent' },
    body: STREAMING
  })
  await webSettled(gateway.app)
  for (const { headers, endpoint } of gateway.web.requests) {
    t.equal(headers.cookie, `sessionKey=${COOKIES[0]}`, endpoint)
    t.match(headers['user-agent'], /^ccproxy\//, 'we say who we are')
    t.notMatch(JSON.stringify({ ...headers, cookie: '' }), /canary|Bearer|192\.0\.2/, 'nothing else')
    const known = ['accept', 'accept-encoding', 'connection', 'content-length', 'content-type', 'cookie', 'host', 'transfer-encoding', 'user-agent']
    t.same(Object.keys(headers).filter((name) => !known.includes(name)), [], 'nothing that pretends to be a browser')
  }
})
