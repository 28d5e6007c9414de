import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../errors.ts'
import { streamBody } from '../plugins/native-body.ts'
import type { Asked } from '../upstreams/ask.ts'
import { ReferenceScanner } from '../upstreams/file-references.ts'
import * as docs from './docs/resources.ts'
import { listOwn, type Entry } from './own-list.ts'
import { askOwn, create, ownResource, pass } from './own-resources.ts'
import { notTogether, workspaceNamed } from './references.ts'
import { relayContent, type RelayOptions } from './relay.ts'
import { AnthropicError, Listing, Passed, resourceId } from './schemas.ts'

/** Anthropic's limit for a batch, in bytes. */
const BODY_LIMIT = 256 * 1024 * 1024

const PATH = '/v1/messages/batches'
const response = { 200: Passed, '4xx': AnthropicError, '5xx': AnthropicError }
const BatchId = Type.Object({ id: resourceId('msgbatch') })

export interface BatchOptions extends RelayOptions {
  /** Where clients reach the gateway; what a request says, when left out. */
  publicUrl?: string
}

/** `/v1/messages/batches`: a token's own batches. The address of their results is the gateway's, since clients send their token there. */
export const batchRoutes: FastifyPluginAsyncTypebox<BatchOptions> = async (scope, { publicUrl, ...options }) => {
  streamBody(scope, 'application/json')

  const show = (request: FastifyRequest) => (batch: Entry): Entry => typeof batch['results_url'] !== 'string'
    ? batch
    : { ...batch, results_url: `${publicUrl ?? `${request.protocol}://${request.host}`}${PATH}/${batch.id}/results` }

  function passBatch (request: FastifyRequest, reply: FastifyReply, answer: Asked): FastifyReply {
    if (answer.status >= 300) return pass(reply, answer)
    return pass(reply, answer, Buffer.from(JSON.stringify(show(request)(JSON.parse(answer.body.toString('utf8')) as Entry))))
  }

  scope.post('/messages/batches', { config: { longBody: true }, schema: { ...docs.CREATE_BATCH, body: Passed, response } }, async (request, reply) => {
    const answer = await create(request, {
      kind: 'batch', path: PATH, limit: BODY_LIMIT, idleTimeout: options.stallTimeout, inspect: await referenceGuard(request)
    })
    return passBatch(request, reply, answer)
  })

  scope.get('/messages/batches', { schema: { ...docs.LIST_BATCHES, querystring: Listing, response } }, async (request, reply) => {
    return listOwn(request, reply, { kind: 'batch', path: PATH, show: show(request) })
  })

  scope.get('/messages/batches/:id', { schema: { ...docs.GET_BATCH, params: BatchId, response } }, async (request, reply) => {
    const row = await ownResource(request, 'batch', request.params.id)
    return passBatch(request, reply, await askOwn(request, row, `${PATH}/${row.id}`))
  })

  scope.delete('/messages/batches/:id', { schema: { ...docs.DELETE_BATCH, params: BatchId, response } }, async (request, reply) => {
    const row = await ownResource(request, 'batch', request.params.id)
    return passBatch(request, reply, await askOwn(request, row, `${PATH}/${row.id}`, 'DELETE'))
  })

  scope.post('/messages/batches/:id/cancel', { schema: { ...docs.CANCEL_BATCH, params: BatchId, response } }, async (request, reply) => {
    const row = await ownResource(request, 'batch', request.params.id)
    return passBatch(request, reply, await askOwn(request, row, `${PATH}/${row.id}/cancel`, 'POST'))
  })

  scope.get('/messages/batches/:id/results', { schema: { ...docs.BATCH_RESULTS, params: BatchId, response } }, async (request, reply) => {
    const row = await ownResource(request, 'batch', request.params.id)
    relayContent(request, reply, `${PATH}/${row.id}/results`, scope.resources.workspaceOf(row), options)
  })
}

/**
 * Looks for files and skills of others in a batch as it streams by, and for own ones that live elsewhere: the batch is on its way already. A byte of
 * zero is in no JSON, but in every other encoding that an upstream may guess at, and in which nothing would be found here.
 */
async function referenceGuard (request: FastifyRequest): Promise<(chunk: Buffer) => Promise<void> | undefined> {
  const { server: { resources }, clientToken } = request
  const home = await resources.homeOf(clientToken.id)
  const scanner = new ReferenceScanner()

  async function check (ids: string[]): Promise<void> {
    const workspace = await workspaceNamed(resources, clientToken.id, ids)
    if (workspace !== undefined && workspace !== home) throw notTogether(ids)
  }

  return (chunk) => {
    if (chunk.includes(0)) throw notUtf8()
    const ids = resources.size === 0 ? [] : scanner.push(chunk)
    return ids.length === 0 ? undefined : check(ids)
  }
}

function notUtf8 (): GatewayError {
  return new GatewayError('invalid_request_error', 'body: is not JSON in UTF-8.', { code: 'invalid_body', param: 'body' })
}
