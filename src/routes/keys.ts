import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { GatewayError } from '../errors.ts'
import { ADMIN_BODY_LIMIT } from '../plugins/admin-guard.ts'
import { KEY_STATES } from '../plugins/key-pool-report.ts'
import { keyIdOf, type KeySource } from '../plugins/pool-key.ts'
import { isoTime } from '../time.ts'
import * as docs from './docs/admin.ts'
import { Label } from './fields.ts'
import { AdminError, Message, NullableText, NullableTime, Time } from './schemas.ts'

/** How a key, or one of its models, stands, and what is counted of it since the start. */
const Standing = Type.Object({
  state: Type.Unsafe<typeof KEY_STATES[number]>(Type.String({ enum: [...KEY_STATES] })),
  reason: NullableText,
  until: NullableTime,
  consecutive_failures: Type.Integer(),
  request_count: Type.Integer(),
  error_count: Type.Integer(),
  last_used: NullableTime,
  last_error: NullableTime,
  last_error_reason: NullableText,
  tokens: Type.Object({ input: Type.Integer(), output: Type.Integer(), cache_read: Type.Integer(), cache_creation: Type.Integer() }),
  cache_read_share: Type.Unsafe<number | null>({ type: ['number', 'null'], description: 'Prompt tokens that came from the cache, as a part of all; null before the first' })
})

const RateLimit = Type.Object({
  name: Type.String(),
  limit: Type.Number(),
  remaining: Type.Number(),
  reset: NullableTime,
  seen_at: Time
}, { description: 'A rate limit of the organisation for this model, as its latest answer told it' })

const KeyStats = Type.Composite([Type.Object({
  id: Type.String(),
  name: Type.String(),
  key: Type.String({ description: 'The last eight characters' }),
  source: Type.Unsafe<KeySource>(Type.String({ enum: ['env', 'file', 'store'] })),
  organisation: Type.String({ description: 'The label, or what the upstream says; the key\'s own id while neither is known' }),
  workspace: Type.String(),
  weight: Type.Number(),
  is_healthy: Type.Boolean(),
  out_until: NullableTime,
  cooldowns: Type.Array(Type.Object({
    scope: Type.String({ description: 'Who rests: this key, its workspace or its organisation' }),
    model: Type.Union([Type.String(), Type.Null()], { description: 'The model that rests; * for any, null for everything' }),
    until: Time,
    reason: Type.String()
  })),
  models: Type.Array(Type.Composite([Type.Object({ model: Type.String(), rate_limits: Type.Array(RateLimit) }), Standing]))
}), Standing])

const Unreadable = Type.Object({ id: Type.String(), name: Type.String(), reason: Type.String() }, {
  description: 'A key that was added and cannot be decrypted any more'
})

const Stats = Type.Object({
  total_keys: Type.Integer(),
  healthy_keys: Type.Integer(),
  keys: Type.Array(KeyStats),
  unreadable_keys: Type.Array(Unreadable)
})

const KeyId = Type.Object({ id: Type.String({ maxLength: 100, description: 'Send the id that GET /api/keys/stats shows' }) })
const AddSchema = {
  ...docs.ADD_KEY,
  body: Type.Object({
    key: Type.String({ maxLength: 1_000, pattern: '^\\s*[\\x21-\\x7e]+\\s*$', description: 'Send an Anthropic API key: visible ASCII characters, no spaces' }),
    name: Type.Optional(Label('a name')),
    org: Type.Optional(Label('the label of an organisation')),
    workspace: Type.Optional(Label('the label of a workspace')),
    weight: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000, description: 'Send a number above 0' }))
  }, { additionalProperties: false, description: 'Send a JSON object with a key' }),
  response: {
    200: Type.Object({
      id: Type.String(), name: Type.String(), key: Type.String(), source: Type.Literal('store'), organisation: Type.String(), workspace: Type.String(), weight: Type.Number()
    }),
    '4xx': AdminError
  }
}

const OneKeySchema = { params: KeyId, response: { 200: Message, '4xx': AdminError } }

/** `/api/keys/…`: the pool as its operator sees it, and changes it. */
export const keyRoutes: FastifyPluginAsyncTypebox = async (scope) => {
  const { keyPool, keyStore } = scope

  scope.get('/keys/stats', { schema: { ...docs.KEY_STATS, response: { 200: Stats, '4xx': AdminError } } }, async () => ({
    ...keyPool.stats(), unreadable_keys: keyStore.unreadable
  }))

  scope.post('/keys/add', { schema: AddSchema, bodyLimit: ADMIN_BODY_LIMIT }, async (request) => {
    // A pasted line ends with a line break.
    const key = request.body.key.trim()
    const known = keyPool.sourceOf(keyIdOf(key))
    if (known !== undefined) throw keyExists(keyIdOf(key), known)
    const id = await keyStore.add({ ...request.body, key, name: request.body.name ?? `added ${isoTime(Date.now()).slice(0, 10)}` })
    request.log.info({ keyId: id }, 'key added')
    const { name, key: shown, organisation, workspace, weight } = keyPool.stats().keys.find((row) => row.id === id)!
    return { id, name, key: shown, source: 'store' as const, organisation, workspace, weight }
  })

  scope.delete('/keys/:id', { schema: { ...docs.DELETE_KEY, ...OneKeySchema } }, async (request) => {
    const { id } = request.params
    const source = keyPool.sourceOf(id)
    if (source === 'env' || source === 'file') throw notDeletable(source)
    if (!await keyStore.remove(id)) throw keyNotFound()
    request.log.info({ keyId: id }, 'key deleted')
    return { message: 'key deleted successfully' }
  })

  scope.post('/keys/:id/reset', { schema: { ...docs.RESET_KEY, ...OneKeySchema } }, async (request) => {
    const { id } = request.params
    if (!keyPool.reset(id)) throw keyNotFound()
    request.log.info({ keyId: id }, 'key reset')
    return { message: 'key reset successfully' }
  })

  for (const [action, done] of [['disable', 'disabled'], ['enable', 'enabled']] as const) {
    scope.post(`/keys/:id/${action}`, { schema: { ...docs.switchKey(action), ...OneKeySchema } }, async (request) => {
      const { id } = request.params
      if (!await keyStore.setDisabled(id, action === 'disable')) throw keyNotFound()
      request.log.info({ keyId: id }, `key ${done}`)
      return { message: `key ${done} successfully` }
    })
  }
}

function keyNotFound (): GatewayError {
  return new GatewayError('not_found_error', 'id: no key has this id; GET /api/keys/stats shows them all.', { code: 'key_not_found', param: 'id' })
}

function keyExists (id: string, source: KeySource): GatewayError {
  const where = source === 'store' ? 'it was added before' : source === 'env' ? 'it is in CCPROXY_CLAUDE_API_KEYS' : 'it is in the configuration file'
  return new GatewayError('invalid_request_error', `key: the pool has this key already, as ${id}; ${where}.`, { status: 409, code: 'key_exists', param: 'key' })
}

function notDeletable (source: 'env' | 'file'): GatewayError {
  const mend = source === 'env' ? 'remove it from CCPROXY_CLAUDE_API_KEYS and restart' : 'remove it from the configuration file and send SIGHUP'
  return new GatewayError('invalid_request_error', `id: this key comes from the configuration; ${mend}, or take it out of use with POST /api/keys/{id}/disable.`, {
    status: 409, code: 'key_not_deletable', param: 'id'
  })
}
