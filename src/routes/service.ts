import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { ModeLimit } from '../plugins/mode.ts'
import { ABOUT, DOCUMENT, HEALTH, HELLO, READY } from './docs/service.ts'

const About = Type.Object({ name: Type.Literal('ccproxy'), version: Type.String() })
const Alive = Type.Object({ status: Type.Literal('ok') })
const Ready = Type.Object({ status: Type.Literal('ready') })
const Document = Type.Unsafe<unknown>(Type.Any({ description: 'An OpenAPI document' }))
const NotReady = Type.Object({ status: Type.Literal('not_ready'), reason: Type.String() }, { description: 'It drains, or no upstream can be used' })

/** Answers while draining too, and at debug level in the log. */
const probe = { config: { duringDrain: true, quiet: true } }

/** What needs no credential: who we are, whether we live, whether we can serve. */
export const serviceRoutes: FastifyPluginAsyncTypebox<{ version: string, mode: ModeLimit }> = async (scope, { version, mode }) => {
  scope.get('/', { ...probe, schema: { ...ABOUT, response: { 200: About } } }, async () => ({ name: 'ccproxy' as const, version }))

  // Claude Code opens a connection ahead of time with this; any quick answer will do.
  const hello = { config: { ...probe.config, swagger: { exposeHeadRoute: true } }, schema: { ...HELLO, response: { 200: Type.Null({ description: 'Nothing' }) } } }
  scope.head('/api/hello', hello, async () => null)

  scope.get('/health', { ...probe, schema: { ...HEALTH, response: { 200: Alive } } }, async () => ({ status: 'ok' as const }))

  scope.get('/ready', { ...probe, schema: { ...READY, response: { 200: Ready, 503: NotReady } } }, async (_request, reply) => {
    const reason = whyNotReady(scope, mode)
    if (reason === null) return { status: 'ready' as const }
    return reply.code(503).send({ status: 'not_ready' as const, reason })
  })

  scope.get('/openapi.json', { ...probe, schema: { ...DOCUMENT, response: { 200: Document, 304: Type.Null({ description: 'It is still the same' }) } } }, async (request, reply) => {
    const { body, etag } = scope.openapiDocument()
    reply.headers({ etag, 'cache-control': 'public, max-age=300', 'access-control-allow-origin': '*' })
    if (request.headers['if-none-match']?.includes(etag) === true) return reply.code(304).send(null)
    return reply.type('application/json; charset=utf-8').send(body)
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
