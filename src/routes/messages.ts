import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../errors.ts'
import { keepBodyBytes } from '../plugins/native-body.ts'
import { referencesIn } from '../upstreams/file-references.ts'
import { COUNT_TOKENS, CREATE_MESSAGE } from './docs/protocols.ts'
import { glance } from './glance.ts'
import { workspaceNamed } from './references.ts'
import { relay, type RelayOptions } from './relay.ts'
import { AnthropicError, BODY_LIMIT, Passed } from './schemas.ts'

/** Only what the gateway relies on is checked: the rest is the upstream's to judge, so that new fields are never refused here. */
const MessagesBody = Type.Object({
  model: Type.String({ minLength: 1, maxLength: 256, description: 'Send the id of a model, for example "claude-sonnet-5-5"' }),
  messages: Type.Array(Type.Unknown(), { description: 'Send the conversation as an array of messages' }),
  stream: Type.Optional(Type.Boolean({ description: 'Send true, false, or leave it out' }))
}, { additionalProperties: true, description: 'Send a JSON object with content-type application/json' })

/** Bodies smaller than this, in bytes, are parsed at no cost worth sparing. */
const WORTH_A_GLANCE = 16 * 1024

type Endpoint = 'messages' | 'count_tokens'

const CountTokensBody = Type.Omit(MessagesBody, ['stream'])

const response = { 200: Passed, '4xx': AnthropicError, '5xx': AnthropicError }

/** `POST /v1/messages` and `/v1/messages/count_tokens`: Anthropic's protocol, byte for byte. */
export const messagesRoutes: FastifyPluginAsyncTypebox<RelayOptions> = async (scope, options) => {
  // Claude.ai is told what is in the messages, and affinity goes by it.
  keepBodyBytes(scope, (request, bytes) =>
    bytes.length < WORTH_A_GLANCE || options.affinity || request.record.mode === 'web' ? null : glance(bytes))

  scope.addHook('onRequest', scope.refuseWhenFull)

  /** What a body names must be the caller's, and decides where the request goes. */
  async function relayNamed (request: FastifyRequest, reply: FastifyReply, endpoint: Endpoint, model: string, ids: string[]): Promise<void> {
    relay(request, reply, endpoint, model, options, await workspaceNamed(scope.resources, request.clientToken.id, ids))
  }

  function answer (request: FastifyRequest, reply: FastifyReply, endpoint: Endpoint, model: string): Promise<void> | undefined {
    // What a file's id names lives with the API: claude.ai is sent none.
    const ids = scope.resources.size === 0 || request.record.mode === 'web' ? [] : referencesIn(request.bodyBytes)
    if (ids.length > 0) return relayNamed(request, reply, endpoint, model, ids)
    relay(request, reply, endpoint, model, options)
    return undefined
  }

  scope.post('/messages', { bodyLimit: BODY_LIMIT, schema: { ...CREATE_MESSAGE, body: MessagesBody, response } }, (request, reply) =>
    answer(request, reply, 'messages', request.body.model))

  const counting = { bodyLimit: BODY_LIMIT, onRequest: refuseToCount, schema: { ...COUNT_TOKENS, body: CountTokensBody, response } }
  scope.post('/messages/count_tokens', counting, (request, reply) => answer(request, reply, 'count_tokens', request.body.model))
}

/** claude.ai counts no tokens. Clients that are told 404 estimate by themselves. */
function refuseToCount ({ record }: FastifyRequest, _reply: FastifyReply, done: (error?: GatewayError) => void): void {
  if (record.mode !== 'web') return done()
  done(new GatewayError('not_found_error', 'Tokens cannot be counted in web mode; estimate them, or use API mode (X-Proxy-Mode: api).', {
    code: 'mode_not_supported'
  }))
}
