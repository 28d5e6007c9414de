import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { respond } from './deliver.ts'
import { findModel, modelInfo, modelPage } from './models.ts'

const PageQuery = Type.Object({
  limit: Type.Optional(Type.String({ pattern: '^([1-9][0-9]{0,2}|1000)$' })),
  after_id: Type.Optional(Type.String()),
  before_id: Type.Optional(Type.String()),
  'lifecycle[]': Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())]))
})
const ModelParams = Type.Object({ id: Type.String() })

/** `GET /models` and `GET /models/{id}`. */
export async function modelRoutes (app: FastifyInstance): Promise<void> {
  app.get<{ Querystring: Static<typeof PageQuery> }>('/models', { schema: { querystring: PageQuery } }, async (request, reply) => {
    const { limit, 'lifecycle[]': lifecycle, ...cursors } = request.query
    return respond(request, reply, modelPage({
      ...cursors,
      limit: limit === undefined ? undefined : Number(limit),
      lifecycle: lifecycle === undefined ? undefined : [lifecycle].flat()
    }))
  })

  app.get<{ Params: Static<typeof ModelParams> }>('/models/:id', { schema: { params: ModelParams } }, async (request, reply) =>
    respond(request, reply, modelInfo(findModel(request.params.id))))
}
