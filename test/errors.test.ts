import t from 'tap'
import fastify from 'fastify'
import { Type } from '@sinclair/typebox'
import { GatewayError, errorBody, toGatewayError } from '../src/errors.ts'

t.test('one error, three envelopes', async (t) => {
  const error = new GatewayError('not_found_error', 'id: there is none.', { code: 'token_not_found', param: 'id' })
  t.same(errorBody(error, 'anthropic', 'req_1'), {
    type: 'error', error: { type: 'not_found_error', message: 'id: there is none.' }, request_id: 'req_1'
  })
  t.same(errorBody(error, 'openai', 'req_1'), {
    error: { message: 'id: there is none.', type: 'invalid_request_error', param: 'id', code: 'token_not_found' }
  })
  t.same(errorBody(error, 'admin', 'req_1'), { error: { code: 'token_not_found', message: 'id: there is none.' } })
})

t.test('an unknown fault becomes a bare 500 that says nothing of its cause', async (t) => {
  const error = toGatewayError(new Error('password is hunter2'))
  t.equal(error.status, 500)
  t.notMatch(error.message, /hunter2/)
  t.match(error.cause, { message: 'password is hunter2' })
  t.equal(toGatewayError('thrown text').status, 500)
  t.equal(toGatewayError(undefined).status, 500)
})

t.test('a validation error names the field and the mend', async (t) => {
  const app = fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false, verbose: true } } })
  app.setErrorHandler(async (thrown, _request, reply) => reply.code(toGatewayError(thrown).status).send(toGatewayError(thrown).message))
  const Body = Type.Object({
    size: Type.Integer({ description: 'Send a whole number' }),
    mode: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: ['a', 'b'] })),
    inner: Type.Optional(Type.Object({ name: Type.String() }))
  }, { additionalProperties: false, description: 'Send a JSON object' })
  app.post('/', { schema: { body: Body } }, async () => 'well')
  const post = async (payload: object | null) => (await app.inject({ method: 'POST', url: '/', ...payload === null ? {} : { payload } })).body

  t.equal(await post({}), 'size: is required. Send a whole number.')
  t.equal(await post({ size: 'x' }), 'size: must be integer. Send a whole number.')
  t.equal(await post({ size: 1, mode: 'c' }), 'mode: must be one of a, b.')
  t.equal(await post({ size: 1, inner: {} }), 'inner.name: is required.')
  t.equal(await post({ size: 1, extra: 1 }), 'extra: is not a field of this request.')
  t.equal(await post(null), 'body: must be object. Send a JSON object.')
  t.equal(await post({ size: 1 }), 'well')
})
