import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../errors.ts'
import { ADMIN_BODY_LIMIT } from '../plugins/admin-guard.ts'
import { sessionReport, SESSION_STATES, type SessionState } from '../plugins/session-report.ts'
import type { Session } from '../plugins/session-store.ts'
import type { Checked } from '../upstreams/web-check.ts'
import { parseSessionKey } from '../upstreams/web-cookie.ts'
import * as docs from './docs/admin.ts'
import { Label, lifeOf, DURATION_MEND } from './fields.ts'
import { AdminError, Message, NullableText, NullableTime, Time } from './schemas.ts'

/** How long deleting a session waits for its conversations to go, in milliseconds. */
const FAREWELL = 3_000

const Added = Type.Object({
  id: Type.String(),
  name: Type.String(),
  organization_id: NullableText,
  organization_name: NullableText,
  plan: NullableText,
  created_at: Time,
  expires_at: NullableTime,
  is_active: Type.Boolean(),
  status: Type.Unsafe<SessionState>(Type.String({ enum: [...SESSION_STATES] })),
  status_reason: NullableText,
  warning: NullableText
})

const SessionSchema = Type.Composite([Added, Type.Object({
  last_used_at: NullableTime,
  cooldown_until: NullableTime,
  cooldowns: Type.Array(Type.Object({
    model: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'The model that rests; null for all of them' }), until: Time, reason: Type.String()
  })),
  cookie_ends_at: Type.String({ format: 'date-time', description: 'When the cookie will end, as claude.ai said, or about 28 days after it was issued' }),
  running: Type.Integer(),
  request_count: Type.Integer(),
  error_count: Type.Integer(),
  last_error: NullableTime,
  last_error_reason: NullableText,
  limits: Type.Array(Type.Object({
    name: Type.String(), status: NullableText, utilization: Type.Unsafe<number | null>({ type: ['number', 'null'] }), resets_at: NullableTime
  }), { description: 'The limits of the plan, as the latest answer told them' })
})])

const AddSchema = {
  ...docs.ADD_SESSION,
  body: Type.Object({
    name: Label('a name'),
    session_key: Type.String({ maxLength: 20_000, description: 'Send the value of the cookie sessionKey of claude.ai; it begins with sk-ant-sid' }),
    organization_id: Type.Optional(Type.String({
      pattern: '^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$', description: 'Send the UUID of one of the account\'s organisations, or leave it out'
    })),
    expires_in: Type.Optional(Type.String({ description: DURATION_MEND }))
  }, { additionalProperties: false, description: 'Send a JSON object with a name and a session_key' }),
  response: { 200: Added, '4xx': AdminError }
}

const ListSchema = { ...docs.LIST_SESSIONS, response: { 200: Type.Object({ sessions: Type.Array(SessionSchema) }), '4xx': AdminError } }

const OneSession = {
  params: Type.Object({ id: Type.String({ maxLength: 100, description: 'Send the id that GET /api/session/list shows' }) }),
  response: { 200: Message, '4xx': AdminError }
}

/** `/api/session/…`: the owner's sessions of claude.ai. The scope must ask for the admin key. A cookie goes in and never comes out. */
export const sessionRoutes: FastifyPluginAsyncTypebox = async (scope) => {
  const { sessionStore: store, sessionPool: pool, webUpstream, webConversations: conversations } = scope

  function report (session: Session) {
    return sessionReport(session, pool, Date.now())
  }

  scope.post('/session/add', { schema: AddSchema, bodyLimit: ADMIN_BODY_LIMIT }, async (request) => {
    const { name, session_key: pasted, organization_id: asked = null, expires_in: expiresIn } = request.body
    const wanted = asked === null ? null : asked.toLowerCase()
    const cookie = cookieOf(pasted, scope)
    const expiresAt = expiresIn === undefined ? null : Date.now() + lifeOf(expiresIn)
    const checked = await webUpstream.check(cookie, wanted)
    refuseHopeless(checked, wanted)
    // Asked for twice at the same time, it is still stored once.
    refuseKnown(store.withCookie(cookie))
    const organization = checked.organization ?? (wanted === null ? null : { id: wanted, name: null, plan: null })
    const session = await store.add({ name, cookie, expiresAt, verdict: { ...checked, organization } })
    // What another session of the account could not delete any more, this one can.
    conversations.hurry()
    request.log.info({ sessionId: session.row.id, status: session.row.status }, 'session added')
    const told = report(session)
    return { ...told, warning: checked.warning ?? told.warning }
  })

  scope.get('/session/list', { schema: ListSchema }, async () => ({
    sessions: store.list().map(report)
  }))

  scope.delete('/session/:id', { schema: { ...docs.DELETE_SESSION, ...OneSession } }, async (request) => {
    const { row } = sessionOf(scope, request.params.id)
    await store.setActive(row.id, false)
    // Without its cookie nobody could delete what it has made.
    conversations.dropAllOf(row.id)
    await conversations.settled(FAREWELL)
    await store.remove(row.id)
    pool.forget(row.id)
    request.log.info({ sessionId: row.id }, 'session deleted')
    return { message: 'session deleted successfully' }
  })

  for (const [action, isActive, done] of [['deactivate', false, 'deactivated'], ['activate', true, 'activated']] as const) {
    scope.post(`/session/:id/${action}`, { schema: { ...docs.switchSession(action), ...OneSession } }, async (request) => {
      const { row } = sessionOf(scope, request.params.id)
      await store.setActive(row.id, isActive)
      if (!isActive) conversations.dropAllOf(row.id)
      request.log.info({ sessionId: row.id }, `session ${done}`)
      return { message: `session ${done} successfully` }
    })
  }

  scope.post('/session/:id/check', { schema: { ...docs.CHECK_SESSION, ...OneSession, response: { 200: SessionSchema, '4xx': AdminError } } }, async (request) => {
    const session = sessionOf(scope, request.params.id)
    if (session.cookie === null) throw unreadable()
    await webUpstream.recheck(session)
    request.log.info({ sessionId: session.row.id, status: session.row.status }, 'session checked')
    return report(session)
  })

  scope.post('/session/:id/reset', { schema: { ...docs.RESET_SESSION, ...OneSession } }, async (request) => {
    const { row } = sessionOf(scope, request.params.id)
    pool.reset(row.id)
    request.log.info({ sessionId: row.id }, 'session reset')
    return { message: 'session reset successfully' }
  })
}

/** @throws GatewayError 404 */
function sessionOf ({ sessionStore }: Pick<FastifyInstance, 'sessionStore'>, id: string): Session {
  const session = sessionStore.get(id)
  if (session !== undefined) return session
  throw new GatewayError('not_found_error', 'id: no session has this id; GET /api/session/list shows them all.', { code: 'session_not_found', param: 'id' })
}

/** @throws GatewayError for what is no cookie of claude.ai's, or is known already */
function cookieOf (pasted: string, { sessionStore }: Pick<FastifyInstance, 'sessionStore'>): string {
  const cookie = parseSessionKey(pasted)
  if (cookie === null) {
    throw invalid('session_key', 'is not a session key of claude.ai: paste the value of the cookie "sessionKey", which begins with sk-ant-sid, or the cookie as the browser shows it ("sessionKey=…").')
  }
  refuseKnown(sessionStore.withCookie(cookie))
  return cookie
}

function refuseKnown (known: Session | undefined): void {
  if (known === undefined) return
  throw new GatewayError('invalid_request_error', `session_key: it is stored already, as ${known.row.id} (${known.row.name}); POST /api/session/{id}/check asks claude.ai about it.`, {
    status: 409, code: 'session_exists', param: 'session_key'
  })
}

/** What claude.ai has refused is not stored: it would only fail later, and less plainly. */
function refuseHopeless ({ status, reason, wrongOrganization }: Checked, wanted: string | null): void {
  if (status === 'dead' || status === 'disabled') throw invalid('session_key', `claude.ai does not accept it: ${reason}. Sign in again and paste the new cookie.`)
  if (wrongOrganization === null) return
  if (wrongOrganization.length === 0) throw invalid('session_key', 'the account has no organisation that can chat.')
  const offered = wrongOrganization.map(({ id, name }) => `${id} (${name})`).join(', ')
  throw invalid('organization_id', `${wanted} is not an organisation of this account that can chat; it has ${offered}.`)
}

function invalid (field: string, complaint: string): GatewayError {
  return new GatewayError('invalid_request_error', `${field}: ${complaint}`, { code: 'invalid_field', param: field })
}

function unreadable (): GatewayError {
  return new GatewayError('invalid_request_error', 'id: the stored cookie cannot be decrypted: put the encryption key back (or name it in CCPROXY_STORAGE_OLD_ENCRYPTION_KEYS), or delete the session and add it again.', {
    status: 409, code: 'session_unreadable', param: 'id'
  })
}
