import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { GatewayError } from '../errors.ts'
import { ADMIN_BODY_LIMIT } from '../plugins/admin-guard.ts'
import { isoTime } from '../time.ts'
import { GENERATE_TOKEN, LIST_TOKENS, REVOKE_TOKEN } from './docs/admin.ts'
import { DURATION_MEND, lifeOf } from './fields.ts'
import { AdminError, Time } from './schemas.ts'
import { describeToken, ModeSchema, TokenSchema } from './token-info.ts'

/** Control characters and line breaks would forge lines in what shows the name; half a surrogate pair would not survive storage. */
const UNFIT_IN_NAME = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u

const GenerateSchema = {
  ...GENERATE_TOKEN,
  body: Type.Object({
    name: Type.String({ minLength: 1, maxLength: 100, description: 'Send a name of 1 to 100 characters' }),
    expires_in: Type.Optional(Type.String({ description: DURATION_MEND })),
    mode: ModeSchema({ default: 'both' })
  }, { additionalProperties: false, description: 'Send a JSON object' }),
  response: {
    200: Type.Object({
      token: Type.String(),
      id: Type.String(),
      name: Type.String(),
      mode: ModeSchema(),
      expires_at: Time
    }),
    '4xx': AdminError
  }
}

const ListSchema = {
  ...LIST_TOKENS,
  response: { 200: Type.Object({ tokens: Type.Array(TokenSchema) }), '4xx': AdminError }
}

const RevokeSchema = {
  ...REVOKE_TOKEN,
  body: Type.Object({
    id: Type.String({ minLength: 1, maxLength: 100, description: 'Send the id that GET /api/token/list shows' })
  }, { additionalProperties: false, description: 'Send a JSON object' }),
  response: { 200: Type.Object({ message: Type.String() }), '4xx': AdminError }
}

export interface AdminTokenOptions {
  /** Life of a token that is asked for without `expires_in`, in milliseconds. */
  defaultExpiry: number
}

/** `/api/token/…`: making, listing and revoking client tokens. The scope must ask for the admin key. */
export const adminTokenRoutes: FastifyPluginAsyncTypebox<AdminTokenOptions> = async (app, { defaultExpiry }) => {
  app.post('/token/generate', { schema: GenerateSchema, bodyLimit: ADMIN_BODY_LIMIT }, async (request, reply) => {
    const { name, mode, expires_in: expiresIn } = request.body
    checkName(name)
    const life = expiresIn === undefined ? defaultExpiry : lifeOf(expiresIn)
    const row = await app.tokens.create({ name, mode, expiresAt: Date.now() + life })
    request.log.info({ tokenId: row.id }, 'token generated')
    reply.header('cache-control', 'no-store')
    return { token: app.signToken(row), id: row.id, name: row.name, mode: row.mode, expires_at: isoTime(row.expires_at) }
  })

  app.get('/token/list', { schema: ListSchema }, async () => {
    const now = Date.now()
    return { tokens: app.tokens.list().map((row) => describeToken(row, now)) }
  })

  app.post('/token/revoke', { schema: RevokeSchema, bodyLimit: ADMIN_BODY_LIMIT }, async (request) => {
    const { id } = request.body
    if (!await app.tokens.revoke(id)) {
      throw new GatewayError('not_found_error', 'id: no token has this id; GET /api/token/list shows them all.', { code: 'token_not_found', param: 'id' })
    }
    request.log.info({ tokenId: id }, 'token revoked')
    return { message: 'token revoked successfully' }
  })
}

/** @throws GatewayError 400 */
function checkName (name: string): void {
  if (name.trim() === '') throw invalidField('name', 'must not be blank.')
  if (UNFIT_IN_NAME.test(name)) throw invalidField('name', 'must not hold control characters, line breaks or broken characters.')
}

function invalidField (field: string, complaint: string): GatewayError {
  return new GatewayError('invalid_request_error', `${field}: ${complaint}`, { code: 'invalid_field', param: field })
}
