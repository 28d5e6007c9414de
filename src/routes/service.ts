import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { ModeLimit } from '../plugins/mode.ts'

const About = Type.Object({ name: Type.Literal('ccproxy'), version: Type.String() })
const Alive = Type.Object({ status: Type.Literal('ok') })
const Ready = Type.Object({ status: Type.Literal('ready') })
const NotReady = Type.Object({ status: Type.Literal('not_ready'), reason: Type.String() })

/** Answers while draining too, and at debug level in the log. */
const probe = { config: { duringDrain: true, quiet: true } }

/** What needs no credential: who we are, whether we live, whether we can serve. */
export const serviceRoutes: FastifyPluginAsyncTypebox<{ version: string, mode: ModeLimit }> = async (scope, { version, mode }) => {
  scope.get('/', { ...probe, schema: { response: { 200: About } } }, async () => ({ name: 'ccproxy' as const, version }))

  // Claude Code opens a connection ahead of time with this; any quick answer will do.
  scope.head('/api/hello', { ...probe, schema: { response: { 200: Type.Null() } } }, async () => null)

  scope.get('/health', { ...probe, schema: { response: { 200: Alive } } }, async () => ({ status: 'ok' as const }))

  scope.get('/ready', { ...probe, schema: { response: { 200: Ready, 503: NotReady } } }, async (_request, reply) => {
    const reason = whyNotReady(scope, mode)
    if (reason === null) return { status: 'ready' as const }
    return reply.code(503).send({ status: 'not_ready' as const, reason })
  })
}

type Parts = Pick<FastifyInstance, 'drain' | 'keyPool' | 'sessionPool' | 'sessionStore'>

function whyNotReady (parts: Parts, mode: ModeLimit): string | null {
  if (parts.drain.active) return 'The gateway is shutting down.'
  const ways = [...mode === 'web' ? [] : [whyNoApi(parts)], ...mode === 'api' ? [] : [whyNoWeb(parts)]]
  return ways.includes(null) ? null : ways.join(' ')
}

function whyNoApi ({ keyPool }: Parts): string | null {
  if (keyPool.available) return null
  return keyPool.size === 0
    ? 'No API key: set CCPROXY_CLAUDE_API_KEYS (claude.api_keys) to one or more Anthropic API keys, or add or enable one (/api/keys).'
    : 'The upstream refuses every API key; GET /api/keys/stats tells why.'
}

function whyNoWeb ({ sessionPool, sessionStore }: Parts): string | null {
  if (sessionPool.available) return null
  return sessionStore.size === 0
    ? 'No claude.ai session: add one with POST /api/session/add.'
    : 'No claude.ai session can be used; GET /api/session/list tells why.'
}
