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

function whyNotReady ({ drain, keyPool }: Pick<FastifyInstance, 'drain' | 'keyPool'>, mode: ModeLimit): string | null {
  if (drain.active) return 'The gateway is shutting down.'
  if (mode === 'web') return 'No upstream: CCPROXY_SERVER_MODE (server.mode) is web, which this version does not serve; set it to api or both.'
  if (keyPool.size === 0) return 'No upstream: set CCPROXY_CLAUDE_API_KEYS (claude.api_keys) to one or more Anthropic API keys, or add or enable one (/api/keys).'
  if (!keyPool.available) return 'The upstream refuses every API key; GET /api/keys/stats tells why.'
  return null
}
