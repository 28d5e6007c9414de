import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ApiError } from './api-error.ts'
import { respond } from './deliver.ts'
import { exchangeOf } from './exchange.ts'
import { pageById, Shelf, workspaceOf, type Kept, type PageQuery } from './workspaces.ts'

const Params = Type.Object({ model: Type.String() }, { additionalProperties: true })
const BatchBody = Type.Object({ requests: Type.Array(Type.Object({ custom_id: Type.String(), params: Params }), { minItems: 1 }) })

interface Batch extends Kept {
  created_at: string
  requests: Static<typeof BatchBody>['requests']
  status: 'in_progress' | 'canceling' | 'ended'
}

interface ById { Params: { id: string } }

/** Anthropic's limit for a batch, in bytes. */
const BODY_LIMIT = 256 * 1024 * 1024

/** `/messages/batches`. A batch has ended when it is asked for the second time, so that no test need wait; every answer echoes its request's id. */
export async function batchRoutes (app: FastifyInstance): Promise<void> {
  const shelf = new Shelf<Batch>('Message batch')

  app.post<{ Body: Static<typeof BatchBody> }>('/messages/batches', { bodyLimit: BODY_LIMIT, schema: { body: BatchBody } }, async (request, reply) => {
    const { simulation: { ids, clock } } = exchangeOf(request)
    const { requests } = request.body
    const batch = shelf.add({
      id: ids.batch(), workspace: workspaceOf(request), created_at: new Date(clock()).toISOString(), requests, status: 'in_progress'
    })
    return respond(request, reply, shown(request, batch))
  })

  app.get<{ Querystring: PageQuery }>('/messages/batches', async (request, reply) =>
    respond(request, reply, pageById(shelf.all(request).map((batch) => shown(request, batch)), request.query)))

  app.get<ById>('/messages/batches/:id', async (request, reply) => {
    const batch = shelf.get(request, request.params.id)
    const answer = shown(request, batch)
    batch.status = 'ended'
    return respond(request, reply, answer)
  })

  app.delete<ById>('/messages/batches/:id', async (request, reply) => {
    shelf.remove(request, request.params.id)
    return respond(request, reply, { id: request.params.id, type: 'message_batch_deleted' })
  })

  app.post<ById>('/messages/batches/:id/cancel', { config: { isStream: true } }, async (request, reply) => {
    const batch = shelf.get(request, request.params.id)
    if (batch.status === 'in_progress') batch.status = 'canceling'
    return respond(request, reply, shown(request, batch))
  })

  app.get<ById>('/messages/batches/:id/results', async (request, reply) => {
    const { requests, status } = shelf.get(request, request.params.id)
    if (status !== 'ended') throw new ApiError('invalid_request_error', 'The batch has not ended yet')
    return reply.type('application/x-jsonl').send(requests.map((one) => `${JSON.stringify(resultOf(request, one))}\n`).join(''))
  })
}

function shown (request: FastifyRequest, { id, created_at: created, requests, status }: Batch) {
  const ended = status === 'ended'
  const counts = { processing: ended ? 0 : requests.length, succeeded: ended ? requests.length : 0, errored: 0, canceled: 0, expired: 0 }
  return {
    id,
    type: 'message_batch',
    processing_status: status,
    request_counts: counts,
    created_at: created,
    expires_at: new Date(Date.parse(created) + 86_400_000).toISOString(),
    ended_at: ended ? created : null,
    archived_at: null,
    cancel_initiated_at: status === 'canceling' ? created : null,
    results_url: ended ? `http://${request.host}/v1/messages/batches/${id}/results` : null
  }
}

function resultOf (request: FastifyRequest, { custom_id: id, params }: Batch['requests'][number]) {
  const { simulation: { ids } } = exchangeOf(request)
  const message = {
    id: ids.message(),
    type: 'message',
    role: 'assistant',
    model: params.model,
    content: [{ type: 'text', text: `The answer to ${id}.` }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 5 }
  }
  return { custom_id: id, result: { type: 'succeeded', message } }
}
