import { Type, type Static } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { TOKEN_MODES, type TokenMode, type TokenRow } from '../plugins/database/schema.ts'
import { isValid } from '../plugins/token-store.ts'
import { isoTime, nullableIsoTime } from '../time.ts'
import { TOKEN_INFO } from './docs/service.ts'
import { AdminError, NullableTime, Time } from './schemas.ts'

export const ModeSchema = (options: { default?: TokenMode } = {}) =>
  Type.Unsafe<TokenMode>({ type: 'string', enum: [...TOKEN_MODES], ...options })

/** A token as the admin and its owner see it. The token itself is shown once, when it is made. */
export const TokenSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  mode: ModeSchema(),
  created_at: Time,
  expires_at: Time,
  revoked_at: NullableTime,
  last_used_at: NullableTime,
  is_valid: Type.Boolean()
})

/** @param now epoch milliseconds */
export function describeToken (row: TokenRow, now: number): Static<typeof TokenSchema> {
  return {
    id: row.id,
    name: row.name,
    mode: row.mode,
    created_at: isoTime(row.created_at),
    expires_at: isoTime(row.expires_at),
    revoked_at: nullableIsoTime(row.revoked_at),
    last_used_at: nullableIsoTime(row.last_used_at),
    is_valid: isValid(row, now)
  }
}

const InfoSchema = {
  ...TOKEN_INFO,
  response: { 200: TokenSchema, '4xx': AdminError }
}

/** `/api/token/info`: what a caller may know of its own token. The scope must authenticate it. */
export const tokenInfoRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/info', { schema: InfoSchema }, async (request) => describeToken(request.clientToken, Date.now()))
}
