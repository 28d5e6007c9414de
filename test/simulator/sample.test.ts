import t from 'tap'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { sampleOf } from '../../src/simulator/sample.ts'

t.test('required properties of every type are made up', async (t) => {
  const schema = Type.Object({
    path: Type.String(),
    lines: Type.Integer({ minimum: 3 }),
    ratio: Type.Number(),
    deep: Type.Object({ yes: Type.Boolean(), none: Type.Null() }),
    list: Type.Array(Type.String(), { minItems: 2 }),
    either: Type.Union([Type.Literal('a'), Type.Literal('b')]),
    optional: Type.Optional(Type.String())
  })
  t.ok(Value.Check(schema, sampleOf(schema)))
})

t.test('optional properties are left out', async (t) => {
  t.same(sampleOf({ type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } }, required: ['a'] }), { a: 'example a' })
})

t.test('optional properties are made up too when all are wanted', async (t) => {
  t.same(Object.keys(sampleOf({ type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } } }, true) as object), ['a', 'b'])
})

t.test('the first of an enumeration is taken', async (t) => {
  t.equal(sampleOf({ type: 'string', enum: ['low', 'high'] }), 'low')
})

t.test('a reference is followed', async (t) => {
  t.equal(sampleOf({ $ref: '#/$defs/flag', $defs: { flag: { type: 'boolean' } } }), true)
})

t.test('a schema that refers to itself comes to an end', async (t) => {
  const schema = { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] }
  t.match(sampleOf(schema), { next: { next: {} } })
})

t.test('a string has the format that is asked for', async (t) => {
  t.equal(sampleOf({ type: 'string', format: 'email' }), 'someone@example.com')
})

t.test('a tool without properties takes an empty input', async (t) => {
  t.same(sampleOf({ type: 'object' }), {})
})
