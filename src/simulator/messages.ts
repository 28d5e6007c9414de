import type { FastifyInstance, FastifyRequest } from 'fastify'
import { draftAnswer } from './answer.ts'
import { respond } from './deliver.ts'
import { eventsOf, messageOf } from './events.ts'
import { exchangeOf } from './exchange.ts'
import { findModel } from './models.ts'
import { CountBody, MessagesBody, type CountRequest, type MessagesRequest } from './types.ts'
import { PromptCache, tokensOf } from './usage.ts'
import { checkRequest } from './validate.ts'

/** `POST /messages` and `POST /messages/count_tokens`. */
export async function messagesRoutes (app: FastifyInstance): Promise<void> {
  const cache = new PromptCache()

  app.post<{ Body: MessagesRequest }>('/messages', { schema: { body: MessagesBody } }, async (request, reply) => {
    const answer = answerTo(request, cache)
    return respond(request, reply, request.body.stream === true ? eventsOf(answer) : messageOf(answer))
  })

  app.post<{ Body: CountRequest }>('/messages/count_tokens', { schema: { body: CountBody } }, async (request, reply) => {
    checkRequest(request.body, findModel(request.body.model), versionOf(request))
    return respond(request, reply, { input_tokens: tokensOf(exchangeOf(request).bytes) })
  })
}

function answerTo (request: FastifyRequest<{ Body: MessagesRequest }>, cache: PromptCache) {
  const { body } = request
  const { bytes, organization, simulation: { ids } } = exchangeOf(request)
  const model = findModel(body.model)
  checkRequest(body, model, versionOf(request))
  const usage = cache.bill(body, bytes, organization)
  return { ...draftAnswer(body, model, ids), id: ids.message(), model: model.id, usage }
}

const versionOf = ({ headers }: FastifyRequest): string => String(headers['anthropic-version'])
