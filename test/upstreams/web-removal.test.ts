import t from 'tap'
import type { SessionRow } from '../../src/plugins/database/schema.ts'
import { createRemoval } from '../../src/upstreams/web-removal.ts'
import type { WebAnswered, WebPlace } from '../../src/upstreams/web-client.ts'
import { cookieOf, sessionRow } from '../helpers/web.ts'

const ROW = { id: 'c', session_id: 's', organization_id: 'o', created_at: 1 }
const PLACE: WebPlace = { cookie: cookieOf('place'), organizationId: 'o' }
const GONE: WebAnswered = { status: 204, headers: {}, bytes: Buffer.alloc(0) }
const DEAD: WebAnswered = {
  status: 403,
  headers: {},
  bytes: Buffer.from('{"type":"error","error":{"type":"permission_error","message":"Invalid authorization","details":{"error_code":"account_session_invalid"}}}')
}

interface Own { cookie: string | null, row?: Partial<SessionRow> }

function removal (session: Own | null, answer = GONE, others: Array<{ cookie: string, row: SessionRow }> = []) {
  const asked: unknown[] = []
  const remove = createRemoval({
    store: { get: (id) => session === null || id !== 's' ? undefined : { cookie: session.cookie, row: sessionRow('s', session.row) }, list: () => others },
    client: { remove: async (...args) => { asked.push(args); return answer } }
  })
  return { remove, asked }
}

t.test('the session\'s own cookie goes first: it may have been renewed since', async (t) => {
  const { remove, asked } = removal({ cookie: cookieOf('own') })
  t.equal(await remove(ROW, PLACE), GONE)
  t.same(asked, [[{ cookie: cookieOf('own'), organizationId: 'o' }, 'c']])
})

t.test('the cookie that it was made with serves when the session is gone, or cannot be decrypted', async (t) => {
  for (const session of [null, { cookie: null }]) {
    const { remove, asked } = removal(session)
    t.equal(await remove(ROW, PLACE), GONE)
    t.match(asked, [[PLACE, 'c']])
  }
})

t.test('where the session has ended, or is gone, another one of the organisation deletes for it', async (t) => {
  const others = [
    { cookie: cookieOf('elsewhere'), row: sessionRow('other', { organization_id: 'another' }) },
    { cookie: cookieOf('ended'), row: sessionRow('old', { organization_id: 'o', status: 'dead' }) },
    { cookie: cookieOf('heir'), row: sessionRow('new', { organization_id: 'o' }) }
  ]
  for (const session of [null, { cookie: cookieOf('own'), row: { status: 'dead' as const } }]) {
    const { remove, asked } = removal(session, GONE, others)
    t.equal(await remove(ROW, null), GONE)
    t.match(asked, [[{ cookie: cookieOf('heir') }, 'c']])
  }
  const { remove, asked } = removal({ cookie: cookieOf('own') }, GONE, others)
  await remove(ROW, PLACE)
  t.match(asked, [[{ cookie: cookieOf('own') }, 'c']], 'one that lives deletes its own')
})

t.test('without any cookie it waits for the key, or for nobody', async (t) => {
  await t.rejects(removal({ cookie: null }).remove(ROW, null), /decrypted/)
  t.equal(await removal(null).remove(ROW, null), undefined)
})

t.test('a session that has ended is not asked again and again', async (t) => {
  for (const status of ['dead', 'disabled'] as const) {
    const { remove, asked } = removal({ cookie: cookieOf('own'), row: { status } })
    await t.rejects(remove(ROW, PLACE), /has ended/)
    t.same(asked, [])
  }
})

t.test('a cookie that is refused can delete nothing more once its session is gone', async (t) => {
  t.equal(await removal(null, DEAD).remove(ROW, PLACE), undefined)
  t.equal(await removal({ cookie: cookieOf('own') }, DEAD).remove(ROW, PLACE), DEAD, 'but its session may come back')
})
