import { randomBytes } from 'node:crypto'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import type { SessionPool } from '../plugins/session-pool.ts'
import type { Session, SessionStore } from '../plugins/session-store.ts'
import type { Flow, Sink } from './sink.ts'
import { RetryBudget } from './retry-budget.ts'
import { busy } from './upstream-errors.ts'
import { upstreamPool } from './upstream-pool.ts'
import type { Upstream, UpstreamRequest } from './upstream.ts'
import { createWebCheck } from './web-check.ts'
import { createWebClient } from './web-client.ts'
import { createWebConversations, type WebConversations } from './web-conversations.ts'
import { renewedCookie } from './web-cookie.ts'
import { WebExchange, type WebExchangeDeps } from './web-exchange.ts'
import { createRemoval } from './web-removal.ts'
import { createStages } from './web-stage.ts'

declare module 'fastify' {
  interface FastifyInstance {
    webUpstream: WebUpstream
    webConversations: WebConversations
  }
}

/** How often conversations are looked through for those that have waited too long, in milliseconds. */
const SWEEP_INTERVAL = 30_000

/** How long a stopping gateway goes on deleting conversations, in milliseconds. */
const CLOSING_TIME = 3_000

/** A flow that never was, for requests refused before anything was sent. */
const NO_FLOW: Flow = { resume () {}, abort () {} }

export type WebUpstream = ReturnType<typeof createWebUpstream>

export interface WebUpstreamDeps {
  store: Pick<SessionStore, 'judge' | 'renew' | 'goBack'>
  pool: SessionPool
  conversations: WebConversations
  client: ReturnType<typeof createWebClient>
  /** Requests that may run at once; one more is told to come back. */
  maxConnections: number
  /** Told of what could not be written. */
  onError: (error: unknown) => void
  /** Uniform in [0, 1). */
  random?: () => number
}

/** The way to claude.ai with the owner's own sessions. */
export function createWebUpstream (deps: WebUpstreamDeps) {
  const { store, pool, conversations, client, maxConnections, onError, random = Math.random } = deps
  const check = createWebCheck({ client })
  const verifying = new Map<string, Promise<string | null>>()
  let running = 0

  /** A session that could not be checked when it was added is checked when it is needed: once for all that need it at the same time. */
  function verify (session: Session): Promise<string | null> {
    const { id } = session.row
    const running = verifying.get(id) ?? verdictOn(session).finally(() => verifying.delete(id))
    verifying.set(id, running)
    return running
  }

  async function verdictOn (session: Session): Promise<string | null> {
    const verdict = await check(session.cookie!, null)
    await store.judge(session, verdict)
    return verdict.organization === null ? verdict.reason : null
  }

  async function recheck (session: Session): Promise<void> {
    const { cookie, row } = session
    const first = await check(cookie!, row.organization_id)
    // The account has changed: it is taken as if it were new.
    const verdict = first.wrongOrganization === null || first.wrongOrganization.length === 0 ? first : await check(cookie!, null)
    // Renewed meanwhile: the verdict is about another cookie.
    if (session.cookie !== cookie) return recheck(session)
    if ((verdict.status === 'dead' || verdict.status === 'disabled') && session.previousCookie !== null) {
      await store.goBack(session)
      return recheck(session)
    }
    await store.judge(session, verdict)
    if (verdict.status !== 'active') return
    pool.vouch(row.id)
    conversations.hurry()
  }

  const onHeaders: WebExchangeDeps['onHeaders'] = ({ session, cookie }, status, headers) => {
    const renewed = headers['set-cookie'] === undefined ? null : renewedCookie(headers, status)
    // A cookie that is in use no more says nothing about the one that is.
    if (renewed === null || session.cookie !== cookie) return
    store.renew(session, renewed.value, renewed.expiresAt).catch(onError)
  }

  const exchange: WebExchangeDeps = {
    stages: createStages({ pool, client, conversations, verify, onHeaders }),
    client,
    conversations,
    budget: new RetryBudget(),
    onHeaders,
    onStart: () => { running++ },
    onDone: () => { running-- },
    messageId: () => `msg_${randomBytes(18).toString('base64url').replaceAll(/[-_]/g, 'x')}`,
    random
  }

  function send (request: UpstreamRequest, sink: Sink): Flow {
    if (running >= maxConnections) {
      sink.fail(busy())
      return NO_FLOW
    }
    const flow = new WebExchange(request, sink, exchange)
    flow.begin()
    return flow
  }

  const upstream: Upstream = { send }
  return {
    ...upstream,
    /** Asks claude.ai about a cookie; see `web-check.ts`. */
    check,
    /** Asks claude.ai about a stored session whose cookie can be read, and takes down what it says. */
    recheck,
    /** Whether one more request may come: asked before its body is read. */
    get full (): boolean {
      return running >= maxConnections
    },
    /** Requests running now. */
    get running (): number {
      return running
    }
  }
}

export default fp<{ config: Config['claude'], version: string }>(async (app, { config, version }) => {
  const { sessionStore: store, sessionPool: pool, log } = app
  const dispatcher = upstreamPool(config.web_url, config)
  const client = createWebClient({ dispatcher, url: config.web_url, userAgent: `ccproxy/${version}` })
  const conversations = createWebConversations({
    db: app.db,
    log,
    ttl: config.web_conversation_ttl,
    remove: createRemoval({ store, client })
  })
  app.decorate('webConversations', conversations)
  app.decorate('webUpstream', createWebUpstream({
    store,
    pool,
    conversations,
    client,
    maxConnections: config.max_connections,
    onError: (err) => log.error({ err }, 'a renewed cookie could not be written')
  }))
  app.addHook('onListen', conversations.start)
  const timer = setInterval(conversations.sweep, SWEEP_INTERVAL).unref()
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await conversations.close(CLOSING_TIME)
    // After the exchanges are over: what is still open here belongs to nobody.
    await dispatcher.destroy()
  })
}, { name: 'ccproxy-web-upstream', fastify: '5.x', dependencies: ['ccproxy-database', 'ccproxy-session-store', 'ccproxy-session-pool'] })
