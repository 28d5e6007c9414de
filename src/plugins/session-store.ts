import { randomUUID } from 'node:crypto'
import fp from 'fastify-plugin'
import type { FastifyBaseLogger } from 'fastify'
import type { Kysely } from 'kysely'
import type { Database, SessionRow, SessionStatus } from './database/schema.ts'
import { sealIdentity } from './encryption.ts'
import { createLastUsed, FLUSH_INTERVAL } from './last-used.ts'
import type { SecretBox } from './secret-box.ts'

declare module 'fastify' {
  interface FastifyInstance {
    sessionStore: SessionStore
  }
}

/** What claude.ai says of a session when it is asked. */
export interface Verdict {
  status: SessionStatus
  reason: string | null
  /** Null where claude.ai did not tell: what was known stays. */
  organization: { id: string, name: string | null, plan: string | null } | null
}

/** A session as the rest of the gateway uses it. The row is the live one; the cookie is never shown. */
export interface Session {
  readonly row: SessionRow
  /** Null when it cannot be decrypted; `row.status_reason` says why. */
  cookie: string | null
  /** The cookie that was in use before claude.ai renewed it. */
  previousCookie: string | null
}

export interface NewSession {
  name: string
  cookie: string
  /** Epoch milliseconds; null for never. */
  expiresAt: number | null
  verdict: Verdict
}

export type SessionStore = Awaited<ReturnType<typeof createSessionStore>>

export interface SessionStoreDeps {
  db: Kysely<Database>
  box: SecretBox
  log: Pick<FastifyBaseLogger, 'error'>
  /** Epoch milliseconds. */
  clock?: () => number
}

const DAY = 86_400_000

/**
 * The sessions of claude.ai: all of them in memory, and written through. The database comes first, so that nothing is in use, or out of it, that a
 * restart would undo. Cookies are sealed at rest, each to its own row.
 */
export async function createSessionStore ({ db, box, log, clock = Date.now }: SessionStoreDeps) {
  const sessions = new Map<string, Session>()
  for (const row of await db.selectFrom('sessions').selectAll().execute()) sessions.set(row.id, opened(row))
  let lastChange: Promise<void> = Promise.resolve()
  const lastUsed = createLastUsed<SessionRow>({ write: writeLastUsed, log, clock })

  function opened (row: SessionRow): Session {
    try {
      const previous = row.previous_secret === null ? null : box.open(row.previous_secret, sealIdentity('sessions', row.id))
      return { row, cookie: box.open(row.secret, sealIdentity('sessions', row.id)), previousCookie: previous }
    } catch (error) {
      const reason = (error as Error).message
      log.error({ sessionId: row.id, reason }, 'a stored session cannot be read: set CCPROXY_STORAGE_ENCRYPTION_KEY (or the JWT secret, where that is not set) ' +
        'to what it was when the session was added, or delete it with DELETE /api/session/{id} and add it again')
      return { row, cookie: null, previousCookie: null }
    }
  }

  async function writeLastUsed (batch: Iterable<SessionRow>): Promise<void> {
    await db.transaction().execute(async (trx) => {
      for (const { id, last_used_at: at } of batch) await trx.updateTable('sessions').set({ last_used_at: at }).where('id', '=', id).execute()
    })
  }

  async function write (row: SessionRow, changes: Partial<SessionRow>): Promise<void> {
    await db.updateTable('sessions').set(changes).where('id', '=', row.id).execute()
    Object.assign(row, changes)
  }

  /** Changes of cookies come one after the other: several answers may renew or refuse the same one at once. */
  function inTurn (change: () => Promise<void>): Promise<void> {
    const done = lastChange.then(change)
    lastChange = done.catch(() => {})
    return done
  }

  async function renew (session: Session, cookie: string, expiresAt: number | null): Promise<void> {
    const { row } = session
    if (cookie === session.cookie) {
      // The same cookie may come back with every answer: a later end is worth a write once a day. What it does not say does not change what it said.
      if (expiresAt === null || Math.abs(expiresAt - (row.cookie_expires_at ?? 0)) < DAY) return
      return write(row, { cookie_expires_at: expiresAt, key_since: clock() })
    }
    await write(row, {
      secret: box.seal(cookie, sealIdentity('sessions', row.id)), previous_secret: row.secret, cookie_expires_at: expiresAt, key_since: clock()
    })
    session.previousCookie = session.cookie
    session.cookie = cookie
  }

  async function goBack (session: Session): Promise<void> {
    const { row } = session
    if (row.previous_secret === null) return
    // Nobody knows any more when the earlier one was issued, but not later than this.
    await write(row, { secret: row.previous_secret, previous_secret: null, cookie_expires_at: null, key_since: row.created_at })
    session.cookie = session.previousCookie
    session.previousCookie = null
  }

  function changesOf ({ status, reason, organization }: Verdict): Partial<SessionRow> {
    const known = organization === null
      ? {}
      : { organization_id: organization.id, organization_name: organization.name, plan: organization.plan }
    return { status, status_reason: reason, ...known }
  }

  return {
    /** How many there are, whatever their state. */
    get size (): number {
      return sessions.size
    },

    /** All sessions, newest first. */
    list (): Session[] {
      return [...sessions.values()].sort(({ row: a }, { row: b }) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1))
    },

    get: (id: string): Session | undefined => sessions.get(id),

    /** The session that has a cookie already, if one has. */
    withCookie: (cookie: string): Session | undefined => [...sessions.values()].find((session) => session.cookie === cookie),

    async add ({ name, cookie, expiresAt, verdict }: NewSession): Promise<Session> {
      const id = randomUUID()
      const now = clock()
      const row: SessionRow = {
        id,
        name,
        secret: box.seal(cookie, sealIdentity('sessions', id)),
        previous_secret: null,
        organization_id: null,
        organization_name: null,
        plan: null,
        status: 'unverified',
        status_reason: null,
        ...changesOf(verdict),
        is_active: 1,
        created_at: now,
        expires_at: expiresAt,
        key_since: now,
        cookie_expires_at: null,
        last_used_at: null
      }
      await db.insertInto('sessions').values(row).execute()
      const session: Session = { row, cookie, previousCookie: null }
      sessions.set(id, session)
      return session
    },

    /** @returns false when there is no such session */
    async remove (id: string): Promise<boolean> {
      const { numDeletedRows } = await db.deleteFrom('sessions').where('id', '=', id).executeTakeFirst()
      sessions.delete(id)
      return numDeletedRows > 0n
    },

    /** Takes a session out of use, or puts it back. @returns false when there is no such session */
    async setActive (id: string, isActive: boolean): Promise<boolean> {
      const session = sessions.get(id)
      if (session === undefined) return false
      await write(session.row, { is_active: isActive ? 1 : 0 })
      return true
    },

    /** Takes down what claude.ai says of a session. */
    async judge ({ row }: Session, verdict: Verdict): Promise<void> {
      const changes = changesOf(verdict)
      // Every request would write it otherwise.
      if (Object.entries(changes).every(([name, value]) => row[name as keyof SessionRow] === value)) return
      await write(row, changes)
    },

    /**
     * Takes over a cookie that claude.ai has renewed, and keeps the one before. Both are one write: there is no moment at which neither is stored.
     * @param expiresAt epoch milliseconds, as the new cookie says
     */
    renew: (session: Session, cookie: string, expiresAt: number | null): Promise<void> => inTurn(() => renew(session, cookie, expiresAt)),

    /** Goes back to the cookie before the last renewal, which turned out to be worth nothing. */
    goBack: (session: Session): Promise<void> => inTurn(() => goBack(session)),

    /** Notes that a session was used just now. In memory only: the next flush writes it. */
    touch: ({ row }: Session): void => lastUsed.touch(row),

    /** Writes the times of last use. */
    flush: lastUsed.flush
  }
}

export default fp(async (app) => {
  const store = await createSessionStore({ db: app.db, box: app.secretBox, log: app.log })
  app.decorate('sessionStore', store)
  const timer = setInterval(store.flush, FLUSH_INTERVAL).unref()
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await store.flush()
  })
}, { name: 'ccproxy-session-store', fastify: '5.x', dependencies: ['ccproxy-encryption'] })
