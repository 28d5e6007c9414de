import type { FastifyReply, FastifyRequest } from 'fastify'
import { TICK } from '../plugins/exchanges.ts'
import { upstreamOf } from '../plugins/mode.ts'
import { revokedError } from '../plugins/token-store.ts'
import { ClientSink, type ClientSinkOptions } from '../upstreams/client-sink.ts'
import { MadeFilesTap } from '../upstreams/made-files-tap.ts'
import type { Sink } from '../upstreams/sink.ts'
import type { UpstreamRequest } from '../upstreams/upstream.ts'
import { conversationOf, isContinued } from './conversation.ts'
import { queryOf } from './query.ts'

export interface RelayOptions {
  /** How long a client that does not read keeps its place, in milliseconds. */
  stallTimeout: number
  /** Silence after which a running stream is sent a ping, in milliseconds. */
  pingInterval: number
  /** Whether the choice of the key follows the conversation. */
  affinity: boolean
}

/** Connects the client's response to an upstream request. From here on the pipeline answers, in success and in failure. */
export function relay (
  request: FastifyRequest, reply: FastifyReply, endpoint: 'messages' | 'count_tokens', model: string, options: RelayOptions, workspace?: string
): void {
  const { record, clientToken, bodyBytes: body } = request
  const conversation = options.affinity ? conversationOf(request.headers, request.body) : null
  const continued = conversation !== null && isContinued(request.body)
  record.model = model
  // The body may have taken its time: the token can have been revoked since the headers came, or the client have left.
  if (clientToken.revoked_at !== null) throw revokedError()
  // The request lives as long as its answer. What was parsed can be many times as large as the bytes, and nobody needs it any more.
  request.body = undefined
  connect(request, reply, options, {
    endpoint,
    tokenId: clientToken.id,
    query: queryOf(request),
    headers: request.headers,
    body,
    model,
    // A client can name any conversation: its token keeps it among its own.
    affinity: conversation === null ? undefined : `${clientToken.id}\n${conversation}`,
    continued,
    workspace,
    record
  })
}

/**
 * Connects the client's response to a content of any length and type.
 * @param path made of constants and checked values
 */
export function relayContent (
  request: FastifyRequest, reply: FastifyReply, path: string, workspace: string | undefined, options: RelayOptions
): void {
  const { record, headers, clientToken: { id: tokenId } } = request
  connect(request, reply, options, { endpoint: 'content', tokenId, path, query: queryOf(request), headers, body: null, model: '', workspace, record })
}

/** A request that was translated into Messages, and how its answer is told. */
export interface Translated {
  /** Names the request to the upstream and the pool; the rest is filled in here. */
  request: Omit<UpstreamRequest, 'endpoint' | 'query' | 'record' | 'tokenId'>
  answer: Pick<ClientSinkOptions, 'envelope' | 'answerHeaders' | 'errorEvent'>
  /** The stage that translates. */
  stage: (client: Sink) => Sink
}

/** Connects the client's response to an upstream request in another protocol than the client's. */
export function relayTranslated (request: FastifyRequest, reply: FastifyReply, translated: Translated, options: RelayOptions): void {
  const { request: asked, answer, stage } = translated
  request.record.model = asked.model
  if (request.clientToken.revoked_at !== null) throw revokedError()
  request.body = undefined
  connect(request, reply, options, { ...asked, endpoint: 'messages', query: '', tokenId: request.clientToken.id, record: request.record }, answer, stage)
}

const NO_BYTES = Buffer.alloc(0)

/** Part of `code_execution` that is found fast in bodies of any length, for it begins with a rare byte. */
const EXECUTION = Buffer.from('_exec')

/** Only code that runs upstream makes files. */
function mayMakeFiles ({ endpoint, body }: UpstreamRequest): boolean {
  return endpoint === 'messages' && body !== null && body.includes(EXECUTION)
}

/** What a tool made for a token is the token's, and lives with the key that answered. */
function keep ({ server: { resources, keyPool }, record: { keyId }, clientToken, log }: FastifyRequest, ids: string[]): void {
  const workspace = keyId === null ? undefined : keyPool.workspaceOf(keyId)
  if (keyId === null || workspace === undefined) return
  for (const id of ids) {
    const kind = id.startsWith('file_') ? 'file' : 'container'
    resources.add({ id, kind, workspace, key_id: keyId, token_id: clientToken.id })
      .catch((error: unknown) => log.error({ err: error, kind, id }, 'what a tool made could not be recorded: nobody can reach it'))
  }
}

function connect (
  request: FastifyRequest, reply: FastifyReply, options: RelayOptions, upstreamRequest: UpstreamRequest,
  answer: Translated['answer'] = { envelope: 'anthropic' }, stage?: Translated['stage']
): void {
  const { server: { exchanges }, record, clientToken } = request
  reply.hijack()
  if (reply.raw.destroyed) return
  const client = new ClientSink(reply.raw, {
    ...answer,
    requestId: request.id,
    stallTimeout: options.stallTimeout,
    opaque: upstreamRequest.endpoint === 'content',
    trace: request.headers['x-ccproxy-debug'] === '1' ? record.trail : null,
    quietTicks: Math.max(1, Math.round(options.pingInterval / TICK)),
    onStart: () => {
      record.firstByteAt = performance.now()
      // Nothing can be sent again any more, and an answer may take long.
      upstreamRequest.body = null
      request.bodyBytes = NO_BYTES
    },
    onClose: (outcome, error) => {
      exchanges.remove(clientToken.id, client)
      record.outcome = outcome
      record.error = error
    }
  })
  exchanges.add(clientToken.id, client)
  const sink = stage === undefined ? client : stage(client)
  const tapped = mayMakeFiles(upstreamRequest) ? new MadeFilesTap(sink, (ids) => keep(request, ids)) : sink
  client.attach(upstreamOf(request.server, request).send(upstreamRequest, tapped))
}
