import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { createWebClient, type WebClientDeps } from '../../src/upstreams/web-client.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { cookieOf } from '../helpers/web.ts'

const PLACE = { cookie: cookieOf('asked'), organizationId: '00000000-0000-4000-8000-0000000000aa' }
const FILE = { name: '1-image.png', mediaType: 'image/png', bytes: Buffer.from('made up') }

type Handler = Parameters<typeof startUpstream>[1]

async function client (t: Test, handler: Handler, changes: Partial<WebClientDeps> = {}) {
  const upstream = await startUpstream(t, handler)
  const dispatcher = new Pool(upstream.url)
  t.teardown(() => dispatcher.destroy())
  return { upstream, client: createWebClient({ dispatcher, url: `${upstream.url}/prefix/`, userAgent: 'ccproxy/test', ...changes }) }
}

t.test('every question goes below the prefix, with the cookie and who we are', async (t) => {
  const { client: c, upstream } = await client(t, (res) => res.end('{}'))
  await c.organizations(PLACE.cookie)
  await c.create(PLACE, 'c')
  await c.remove(PLACE, 'c')
  await c.upload(PLACE, FILE, new AbortController().signal)
  const all = `/prefix/api/organizations/${PLACE.organizationId}/chat_conversations`
  t.same(upstream.seen.map(({ req }) => `${req.method} ${req.url}`), [
    'GET /prefix/api/organizations', `POST ${all}`, `DELETE ${all}/c`, `POST /prefix/api/${PLACE.organizationId}/upload`
  ])
  for (const { req } of upstream.seen) t.match(req.headers, { cookie: `sessionKey=${PLACE.cookie}`, 'user-agent': 'ccproxy/test' })
})

t.test('a redirect is an answer, and not followed', async (t) => {
  const { client: c, upstream } = await client(t, (res) => res.writeHead(302, { location: '/elsewhere' }).end())
  t.match(await c.organizations(PLACE.cookie), { status: 302 })
  t.equal(upstream.seen.length, 1)
})

t.test('of an answer without end only the beginning is read', async (t) => {
  const closed = Promise.withResolvers<void>()
  const { client: c } = await client(t, (res) => {
    res.on('close', closed.resolve)
    const more = () => { while (res.writable && res.write(Buffer.alloc(64 * 1024))); }
    res.on('drain', more)
    more()
  })
  const { bytes } = await c.organizations(PLACE.cookie)
  t.ok(bytes.length < 2 * 1024 * 1024)
  await closed.promise
})

t.test('a small question is given up after its time; a file may take longer', async (t) => {
  // Answers come when the time of a small question is over.
  const { client: c } = await client(t, (res) => { AbortSignal.timeout(20).addEventListener('abort', () => res.end('{}')) }, { timeout: 5, uploadTimeout: 60_000 })
  await t.rejects(c.organizations(PLACE.cookie), { code: 'upstream_timeout' })
  t.match(await c.upload(PLACE, FILE, new AbortController().signal), { status: 200 })
})

t.test('an upload is given up when its client leaves', async (t) => {
  const gone = new AbortController()
  const { client: c } = await client(t, () => gone.abort())
  await t.rejects(c.upload(PLACE, FILE, gone.signal), { code: 'upstream_unreachable' })
})
