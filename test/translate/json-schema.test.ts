import t from 'tap'
import { GatewayError } from '../../src/errors.ts'
import { hasOpenObjects, toStructuredSchema } from '../../src/translate/json-schema.ts'

const transformed = (schema: unknown) => toStructuredSchema(schema, 'schema')

t.test('objects are closed at every depth, and the dialect is dropped', async (t) => {
  t.strictSame(transformed({ $schema: 'x', type: 'object', properties: { a: { type: 'object', additionalProperties: true } }, required: ['a'] }), {
    type: 'object',
    properties: { a: { type: 'object', properties: {}, additionalProperties: false } },
    required: ['a'],
    additionalProperties: false
  })
})

t.test('keywords that are not known are told in the description', async (t) => {
  t.strictSame(transformed({ type: 'integer', description: 'Age', minimum: 0, maximum: 150 }), { type: 'integer', description: 'Age\n\n{minimum: 0, maximum: 150}' })
  t.strictSame(transformed({ type: 'string', format: 'color' }), { type: 'string', description: '{format: "color"}' })
  t.strictSame(transformed({ type: 'array', items: { type: 'string' }, minItems: 3 }), { type: 'array', items: { type: 'string' }, description: '{minItems: 3}' })
})

t.test('keywords that are known stay', async (t) => {
  const schema = { type: 'array', title: 'T', minItems: 1, items: { type: 'string', format: 'uuid' } }
  t.strictSame(transformed(schema), schema)
  t.strictSame(transformed({ enum: ['a', 1, null] }), { enum: ['a', 1, null] })
  t.strictSame(transformed({ type: ['string', 'null'] }), { type: ['string', 'null'] })
})

t.test('oneOf becomes anyOf, allOf stays', async (t) => {
  t.strictSame(transformed({ oneOf: [{ type: 'string' }, { type: 'null' }] }), { anyOf: [{ type: 'string' }, { type: 'null' }] })
  t.strictSame(transformed({ allOf: [{ $ref: '#/$defs/a' }] }), { allOf: [{ $ref: '#/$defs/a' }] })
})

t.test('a reference at the root keeps the definitions', async (t) => {
  t.strictSame(transformed({ $ref: '#/$defs/a', $defs: { a: { type: 'string', minLength: 1 } } }), {
    $defs: { a: { type: 'string', description: '{minLength: 1}' } }, $ref: '#/$defs/a'
  })
})

t.test('objects that take any key are found, wherever they are', async (t) => {
  const open = { type: 'object', additionalProperties: { type: 'string' } }
  const around = [
    open, { ...open, additionalProperties: true }, { ...open, additionalProperties: {} }, { type: 'object' }, { type: ['object', 'null'] },
    { properties: { a: open } }, { $defs: { a: open } }, { definitions: { a: open } },
    { items: open }, { anyOf: [{}, open] }, { oneOf: [open] }, { allOf: [open] }
  ]
  for (const schema of around) t.ok(hasOpenObjects(schema), JSON.stringify(schema))
  const closed = [
    {}, true, { type: 'object', additionalProperties: false }, { type: 'object', properties: { additionalProperties: { type: 'string' } } },
    { type: 'object', allOf: [{ $ref: '#/$defs/a' }] }, { enum: [open] }, { type: 'object', properties: {} }
  ]
  for (const schema of closed) t.notOk(hasOpenObjects(schema), JSON.stringify(schema))
})

t.test('the schema that came is not changed', async (t) => {
  const schema = Object.freeze({ type: 'object', properties: Object.freeze({ a: Object.freeze({ oneOf: Object.freeze([{}]) }) }) })
  t.doesNotThrow(() => transformed(schema))
})

t.test('what is no schema is a 400 with its path', async (t) => {
  t.throws(() => transformed({ type: 'object', properties: { a: { anyOf: [{}, 5] } } }), new GatewayError('invalid_request_error', 'schema.properties.a.anyOf.1: must be an object, not a number. Send a JSON object.', { code: 'invalid_type', param: 'schema.properties.a.anyOf.1' }))
})
