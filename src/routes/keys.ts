import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { AdminError, NullableTime, Time } from './schemas.ts'

const KeyStats = Type.Object({
  id: Type.String(),
  name: Type.String(),
  key: Type.String({ description: 'The last eight characters' }),
  request_count: Type.Integer(),
  error_count: Type.Integer(),
  consecutive_failures: Type.Integer(),
  last_used: NullableTime,
  last_error: NullableTime,
  last_error_reason: Type.Union([Type.String(), Type.Null()]),
  is_healthy: Type.Boolean(),
  out_until: NullableTime,
  cooldowns: Type.Array(Type.Object({ model: Type.String(), until: Time, reason: Type.String() }))
})

const Stats = Type.Object({ total_keys: Type.Integer(), healthy_keys: Type.Integer(), keys: Type.Array(KeyStats) })

/** `/api/keys/…`: the pool as its operator sees it. */
export const keyRoutes: FastifyPluginAsyncTypebox = async (scope) => {
  scope.get('/keys/stats', { schema: { response: { 200: Stats, '4xx': AdminError } } }, async () => scope.keyPool.stats())
}
