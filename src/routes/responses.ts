import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { GatewayError } from '../errors.ts'
import { ResponsesAnswer } from '../translate/responses-answer.ts'
import { translateResponses } from '../translate/responses-request.ts'
import { ResponsesStream } from '../translate/responses-stream.ts'
import { Translator } from '../translate/translator.ts'
import { CREATE_RESPONSE, storedResponse } from './docs/protocols.ts'
import type { RelayOptions } from './relay.ts'
import { BODY_LIMIT, OpenaiBody, OpenaiError, openaiResponse } from './schemas.ts'
import { relayTranslation } from './translation.ts'

const ResponseId = Type.Object({ id: Type.String() })

/**
 * `POST /v1/responses`: OpenAI's newer protocol, by way of Messages, and without state: what a client wants remembered, it sends again. What
 * becomes of each parameter: `translate/parameters-responses.ts`.
 */
export const responsesRoutes: FastifyPluginAsyncTypebox<RelayOptions> = async (scope, options) => {
  const schema = { ...CREATE_RESPONSE, body: OpenaiBody, response: openaiResponse }
  scope.post('/responses', { bodyLimit: BODY_LIMIT, schema }, (request, reply) => {
    const { openai } = scope
    const { prompt_cache_key: cacheKey } = request.body
    const { request: asked, ignored, context } = translateResponses(request.body, openai.optionsFor(request))
    const writer = context.stream ? new ResponsesStream(context, openai.now()) : new ResponsesAnswer(context, openai.now())
    const translator = new Translator(writer, context)
    relayTranslation(request, reply, { request: asked, ignored, stream: context.stream, cacheKey, translator }, options)
  })

  for (const method of ['GET', 'DELETE'] as const) {
    scope.route<{ Params: { id: string } }>({
      method,
      url: '/responses/:id',
      schema: { ...storedResponse(method), params: ResponseId, response: { 404: OpenaiError } },
      handler: ({ params: { id } }) => {
        throw new GatewayError('not_found_error', `id: there is no response ${JSON.stringify(id.slice(0, 100))}: none is stored here. Keep what POST /v1/responses answers.`, {
          code: 'response_not_found', param: 'id'
        })
      }
    })
  }
}
