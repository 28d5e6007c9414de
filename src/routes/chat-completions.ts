import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ChatAnswer } from '../translate/chat-answer.ts'
import { translateChat } from '../translate/chat-request.ts'
import { ChatStream } from '../translate/chat-stream.ts'
import { Translator } from '../translate/translator.ts'
import { CHAT_COMPLETION } from './docs/protocols.ts'
import type { RelayOptions } from './relay.ts'
import { BODY_LIMIT, OpenaiBody, openaiResponse } from './schemas.ts'
import { relayTranslation } from './translation.ts'

/** `POST /v1/chat/completions`: OpenAI's protocol, by way of Messages. What becomes of each parameter: `translate/parameters-chat.ts`. */
export const chatCompletionRoutes: FastifyPluginAsyncTypebox<RelayOptions> = async (scope, options) => {
  const schema = { ...CHAT_COMPLETION, body: OpenaiBody, response: openaiResponse }
  scope.post('/chat/completions', { bodyLimit: BODY_LIMIT, schema }, (request, reply) => {
    const { openai } = scope
    const { prompt_cache_key: cacheKey } = request.body
    const { request: asked, ignored, context } = translateChat(request.body, openai.optionsFor(request))
    const writer = context.stream ? new ChatStream(context, openai.now()) : new ChatAnswer(context, openai.now())
    const translator = new Translator(writer, context)
    relayTranslation(request, reply, { request: asked, ignored, stream: context.stream, cacheKey, translator }, options)
  })
}
