import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyReply } from 'fastify'
import { forwardedResponseHeaders } from '../upstreams/headers.ts'
import { createModelCatalogue, type CatalogueAnswer } from '../upstreams/model-catalogue.ts'
import { queryOf } from './query.ts'
import { AnthropicError, Listing, Passed } from './schemas.ts'

const response = { 200: Passed, '4xx': AnthropicError, '5xx': AnthropicError }

const ModelId = Type.Object({
  id: Type.String({ pattern: '^(?!\\.{1,2}$)[A-Za-z0-9._:@-]{1,128}$', description: 'Send a model\'s id, for example "claude-sonnet-5-5"' })
})

/** `GET /v1/models` and `/v1/models/{id}`, asked upstream and remembered. `x-ccproxy-cache` says how fresh an answer is. */
export const modelRoutes: FastifyPluginAsyncTypebox = async (scope) => {
  const catalogue = createModelCatalogue({ ask: (path, headers) => scope.apiUpstream.ask({ path, headers }) })

  scope.get('/models', { schema: { querystring: Listing, response } }, async (request, reply) => {
    return answer(reply, await catalogue.get(`/v1/models${queryOf(request)}`, request.headers))
  })

  scope.get('/models/:id', { schema: { params: ModelId, response } }, async (request, reply) => {
    return answer(reply, await catalogue.get(`/v1/models/${encodeURIComponent(request.params.id)}`, request.headers))
  })
}

function answer (reply: FastifyReply, { status, headers, body, cache }: CatalogueAnswer): FastifyReply {
  // A remembered answer has no part in the request ids and rate limits of when it was fetched.
  const passed = cache === 'miss' ? forwardedResponseHeaders(headers) : { 'content-type': headers['content-type'] }
  return reply.code(status).headers({ ...passed, 'content-length': body.length }).header('x-ccproxy-cache', cache).send(body)
}
