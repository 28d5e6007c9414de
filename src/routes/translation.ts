import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { MessagesRequest } from '../translate/messages.ts'
import { openaiError, openaiHeaders } from '../translate/openai-errors.ts'
import type { Translator } from '../translate/translator.ts'
import { namesInOpenai, refusedInOpenai } from '../translate/web/openai-names.ts'
import { refuseParameters } from '../translate/web/web-parameters.ts'
import { single } from '../upstreams/headers.ts'
import { API_VERSION } from '../upstreams/model-infos.ts'
import { TranslationSink } from '../upstreams/translation-sink.ts'
import { conversationOf, isContinued } from './conversation.ts'
import { relayTranslated, type RelayOptions } from './relay.ts'

/** A request of the OpenAI protocol as a Messages request, and who tells its answer. */
export interface Translation {
  request: MessagesRequest
  /** Parameters that asked for something and had no effect. */
  ignored: readonly string[]
  /** Whether the client wants a stream. */
  stream: boolean
  /** The `prompt_cache_key`, with which clients name a conversation. */
  cacheKey: unknown
  translator: Translator
}

/** Longest `prompt_cache_key` that names a conversation, in characters. */
const LONGEST_KEY = 256

/** Sends a translated request, and answers it in the client's protocol. From here on the pipeline answers, in success and in failure. */
export function relayTranslation (request: FastifyRequest, reply: FastifyReply, translation: Translation, options: RelayOptions): void {
  const { request: asked, ignored, stream, cacheKey, translator } = translation
  const conversation = options.affinity ? named(cacheKey) ?? conversationOf({}, asked) : null
  const sent = new Set(Object.keys(request.body as object))
  // The upstream would refuse the same, under names that this client does not know.
  if (request.record.mode === 'web') refuseParameters({ ...asked }, (name) => refusedInOpenai(name, sent))
  // What was sent has been translated: neither its bytes nor what was parsed from them is needed while the answer runs.
  request.bodyBytes = Buffer.alloc(0)
  relayTranslated(request, reply, {
    request: {
      headers: upstreamHeaders(request.headers),
      body: Buffer.from(JSON.stringify(asked)),
      model: asked.model,
      affinity: conversation === null ? undefined : `${request.clientToken.id}\n${conversation}`,
      continued: conversation !== null && isContinued(asked)
    },
    answer: {
      envelope: 'openai',
      answerHeaders: (headers) => ({ ...openaiHeaders(headers, request.id, Date.now()), ...told(ignored, headers, sent) }),
      errorEvent: (error) => translator.failure(openaiError(error).error)
    },
    stage: (client) => new TranslationSink(client, translator, stream)
  }, options)
}

/** The headers with which the upstream is asked: our own, and Anthropic's where a client sends them. */
function upstreamHeaders (headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const passed = Object.entries(headers).filter(([name]) => !name.startsWith('x-stainless-'))
  return { ...Object.fromEntries(passed), accept: 'text/event-stream', 'content-type': 'application/json', 'anthropic-version': API_VERSION }
}

/** What an upstream could do nothing with is told beside what the translation could do nothing with, under the client's own names. */
function told (ignored: readonly string[], upstream: IncomingHttpHeaders, sent: ReadonlySet<string>): Record<string, string> {
  const further = single(upstream, 'x-ccproxy-ignored')?.split(', ') ?? []
  const names = [...new Set([...ignored, ...namesInOpenai(further, sent)])]
  const usage = single(upstream, 'x-ccproxy-usage')
  return { ...names.length > 0 && { 'x-ccproxy-ignored': names.join(', ') }, ...usage !== undefined && { 'x-ccproxy-usage': usage } }
}

function named (cacheKey: unknown): string | null {
  return typeof cacheKey === 'string' && cacheKey !== '' && cacheKey.length <= LONGEST_KEY ? cacheKey : null
}
