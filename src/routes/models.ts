import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../errors.ts'
import { wantsAnthropic } from '../plugins/envelope.ts'
import { modelOf } from '../plugins/key-state-store.ts'
import { modelForBoth, modelsForBoth } from '../translate/model-list.ts'
import { resolveAlias } from '../translate/models.ts'
import { openaiErrorOf, openaiHeaders } from '../translate/openai-errors.ts'
import { modelsOf, webModelList, type WebModel } from '../translate/web/plan-models.ts'
import { forwardedResponseHeaders } from '../upstreams/headers.ts'
import type { CatalogueAnswer } from '../upstreams/model-catalogue.ts'
import { ALL_MODELS, API_VERSION } from '../upstreams/model-infos.ts'
import { GET_MODEL, LIST_MODELS } from './docs/protocols.ts'
import { queryOf } from './query.ts'
import { AnthropicError, Listing, OpenaiError, Passed } from './schemas.ts'

const response = { 200: Passed, '4xx': Type.Union([AnthropicError, OpenaiError]), '5xx': Type.Union([AnthropicError, OpenaiError]) }

const ModelId = Type.Object({
  id: Type.String({ pattern: '^(?!\\.{1,2}$)[A-Za-z0-9._:@-]{1,128}$', description: 'Send a model\'s id, for example "claude-sonnet-5-5"' })
})

export interface ModelRouteOptions {
  /** Names of Claude models by the names that clients of the OpenAI protocol use for them. */
  aliases: Record<string, string>
}

/**
 * `GET /v1/models` and `/v1/models/{id}`: in API mode asked upstream and remembered (`x-ccproxy-cache` says how fresh an answer is), in web mode
 * what the plans of the sessions offer. A client of Anthropic's gets Anthropic's shape, all others one that both SDKs read.
 */
export const modelRoutes: FastifyPluginAsyncTypebox<ModelRouteOptions> = async (scope, { aliases }) => {
  /** What the sessions of claude.ai that can be used offer. */
  function webModels (): WebModel[] {
    return modelsOf(scope.sessionPool.usable().map(({ row: { id, plan } }) => ({
      plan, refuses: (model) => scope.sessionPool.restsOf(id).some((rest) => modelOf(rest.scope) === model && rest.kind === 'credential')
    })))
  }

  function webModel (id: string): WebModel {
    const model = webModels().find((one) => one.id === id)
    if (model !== undefined) return model
    throw new GatewayError('not_found_error', `model: no claude.ai session of this gateway offers ${JSON.stringify(id)}; GET /v1/models lists what they do.`, {
      code: 'model_not_found', param: 'model'
    })
  }

  scope.get('/models', { schema: { ...LIST_MODELS, querystring: Listing, response } }, async (request, reply) => {
    if (request.record.mode === 'web') {
      const list = webModelList(webModels())
      return tellOwn(request, reply, wantsAnthropic(request) ? list : modelsForBoth(list, aliases))
    }
    if (wantsAnthropic(request)) return pass(reply, await scope.modelCatalogue.get(`/v1/models${queryOf(request)}`, request.headers))
    const answer = await scope.modelCatalogue.get(ALL_MODELS, asOurselves(request))
    return tell(request, reply, answer, () => modelsForBoth(JSON.parse(answer.body.toString()), aliases))
  })

  scope.get('/models/:id', { schema: { ...GET_MODEL, params: ModelId, response } }, async (request, reply) => {
    const { id } = request.params
    if (request.record.mode === 'web') {
      const model = webModel(resolveAlias(id, wantsAnthropic(request) ? {} : aliases))
      return tellOwn(request, reply, wantsAnthropic(request) ? model : { ...modelForBoth(model), id })
    }
    if (wantsAnthropic(request)) return pass(reply, await scope.modelCatalogue.get(pathOf(id), request.headers))
    const answer = await scope.modelCatalogue.get(pathOf(resolveAlias(id, aliases)), asOurselves(request))
    return tell(request, reply, answer, () => ({ ...modelForBoth(JSON.parse(answer.body.toString())), id }))
  })
}

function pathOf (id: string): string {
  return `/v1/models/${encodeURIComponent(id)}`
}

/** A client of the OpenAI protocol knows no version, and the upstream answers nobody without one. */
function asOurselves ({ headers }: FastifyRequest) {
  return { ...headers, 'anthropic-version': API_VERSION }
}

/** What nobody was asked for. With a serializer of its own Fastify names no type, and the SDKs take an answer without one for a text. */
function tellOwn (request: FastifyRequest, reply: FastifyReply, body: object): FastifyReply {
  const ids = wantsAnthropic(request) ? { 'request-id': request.id } : openaiHeaders({}, request.id, Date.now())
  return reply.headers({ ...ids }).type('application/json; charset=utf-8').serializer(JSON.stringify).send(body)
}

function pass (reply: FastifyReply, { status, headers, body, cache }: CatalogueAnswer): FastifyReply {
  // A remembered answer has no part in the request ids and rate limits of when it was fetched.
  const passed = cache === 'miss' ? forwardedResponseHeaders(headers) : { 'content-type': headers['content-type'] }
  return reply.code(status).headers({ ...passed, 'content-length': body.length }).header('x-ccproxy-cache', cache).send(body)
}

function tell (request: FastifyRequest, reply: FastifyReply, { status, headers, body, cache }: CatalogueAnswer, found: () => object): FastifyReply {
  const { 'content-length': _length, 'content-type': _type, ...told } = openaiHeaders(cache === 'miss' ? headers : {}, request.id, Date.now())
  const refused = status === 200 ? null : openaiErrorOf(status, body.toString())
  reply.code(refused?.status ?? 200).headers(told).header('x-ccproxy-cache', cache).type('application/json; charset=utf-8')
  return reply.serializer(JSON.stringify).send(refused === null ? found() : { error: refused.error })
}
