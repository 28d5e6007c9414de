import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { TICK } from '../plugins/exchanges.ts'
import { keepBodyBytes } from '../plugins/native-body.ts'
import { revokedError } from '../plugins/token-store.ts'
import { ClientSink } from '../upstreams/client-sink.ts'
import type { UpstreamRequest } from '../upstreams/upstream.ts'
import { AnthropicError, Passed } from './schemas.ts'

/** Anthropic's own limit for a Messages request, in bytes. */
const BODY_LIMIT = 32 * 1024 * 1024

/** Only what the gateway relies on is checked: the rest is the upstream's to judge, so that new fields are never refused here. */
const MessagesBody = Type.Object({
  model: Type.String({ minLength: 1, maxLength: 256, description: 'Send the id of a model, for example "claude-sonnet-5-5"' }),
  messages: Type.Array(Type.Unknown(), { description: 'Send the conversation as an array of messages' }),
  stream: Type.Optional(Type.Boolean({ description: 'Send true, false, or leave it out' }))
}, { additionalProperties: true, description: 'Send a JSON object with content-type application/json' })

const CountTokensBody = Type.Omit(MessagesBody, ['stream'])

const response = { 200: Passed, '4xx': AnthropicError, '5xx': AnthropicError }

export interface RelayOptions {
  /** How long a client that does not read keeps its place, in milliseconds. */
  stallTimeout: number
  /** Silence after which a running stream is sent a ping, in milliseconds. */
  pingInterval: number
}

/** `POST /v1/messages` and `/v1/messages/count_tokens`: Anthropic's protocol, byte for byte. */
export const messagesRoutes: FastifyPluginAsyncTypebox<RelayOptions> = async (scope, options) => {
  keepBodyBytes(scope)

  scope.post('/messages', { bodyLimit: BODY_LIMIT, schema: { body: MessagesBody, response } }, (request, reply) => {
    relay(request, reply, 'messages', request.body.model, options)
  })

  scope.post('/messages/count_tokens', { bodyLimit: BODY_LIMIT, schema: { body: CountTokensBody, response } }, (request, reply) => {
    relay(request, reply, 'count_tokens', request.body.model, options)
  })
}

/** Connects the client's response to an upstream request. From here on the pipeline answers, in success and in failure. */
function relay (request: FastifyRequest, reply: FastifyReply, endpoint: UpstreamRequest['endpoint'], model: string, options: RelayOptions): void {
  const { exchanges, apiUpstream } = request.server
  const { record, clientToken } = request
  record.model = model
  // The body may have taken its time: the token can have been revoked since the headers came, or the client have left.
  if (clientToken.revoked_at !== null) throw revokedError()
  reply.hijack()
  if (reply.raw.destroyed) return
  const client = new ClientSink(reply.raw, {
    envelope: 'anthropic',
    requestId: request.id,
    stallTimeout: options.stallTimeout,
    quietTicks: Math.max(1, Math.round(options.pingInterval / TICK)),
    onStart: () => { record.firstByteAt = performance.now() },
    onClose: (outcome, error) => {
      exchanges.remove(clientToken.id, client)
      record.outcome = outcome
      record.error = error
    }
  })
  exchanges.add(clientToken.id, client)
  const query = queryOf(request.raw.url!)
  client.attach(apiUpstream.send({ endpoint, query, headers: request.headers, body: request.bodyBytes, model, record }, client))
}

/** The query string with its `?`, as sent: the API defines `beta`, and a parameter that it does not know is its own to refuse. */
function queryOf (url: string): string {
  const at = url.indexOf('?')
  return at === -1 ? '' : url.slice(at)
}
