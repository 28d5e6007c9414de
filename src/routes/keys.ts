import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { GatewayError } from '../errors.ts'
import { AdminError, NullableTime, Time } from './schemas.ts'

const KeyStats = Type.Object({
  id: Type.String(),
  name: Type.String(),
  key: Type.String({ description: 'The last eight characters' }),
  organisation: Type.String({ description: 'The label, or what the upstream says; the key\'s own id while neither is known' }),
  workspace: Type.String(),
  request_count: Type.Integer(),
  error_count: Type.Integer(),
  consecutive_failures: Type.Integer(),
  last_used: NullableTime,
  last_error: NullableTime,
  last_error_reason: Type.Union([Type.String(), Type.Null()]),
  is_healthy: Type.Boolean(),
  out_until: NullableTime,
  cooldowns: Type.Array(Type.Object({
    scope: Type.String({ description: 'Who rests: this key, its workspace or its organisation' }),
    model: Type.Union([Type.String(), Type.Null()], { description: 'The model that rests; * for any, null for everything' }),
    until: Time,
    reason: Type.String()
  }))
})

const Stats = Type.Object({ total_keys: Type.Integer(), healthy_keys: Type.Integer(), keys: Type.Array(KeyStats) })

const KeyId = Type.Object({ id: Type.String({ maxLength: 100, description: 'Send the id that GET /api/keys/stats shows' }) })
const Message = Type.Object({ message: Type.String() })

/** `/api/keys/…`: the pool as its operator sees it. */
export const keyRoutes: FastifyPluginAsyncTypebox = async (scope) => {
  scope.get('/keys/stats', { schema: { response: { 200: Stats, '4xx': AdminError } } }, async () => scope.keyPool.stats())

  scope.post('/keys/:id/reset', { schema: { params: KeyId, response: { 200: Message, '4xx': AdminError } } }, async (request) => {
    const { id } = request.params
    if (!scope.keyPool.reset(id)) {
      throw new GatewayError('not_found_error', 'id: no key has this id; GET /api/keys/stats shows them all.', { code: 'key_not_found', param: 'id' })
    }
    request.log.info({ keyId: id }, 'key reset')
    return { message: 'key reset successfully' }
  })
}
