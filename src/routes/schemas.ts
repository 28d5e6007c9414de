import { Type } from '@sinclair/typebox'

/** What an upstream answered: its shape is the upstream's, and it is passed on as bytes. */
export const Passed = Type.Unsafe<unknown>(Type.Any({ description: 'The upstream\'s answer, byte for byte' }))

/** Anthropic's error envelope. */
export const AnthropicError = Type.Object({
  type: Type.Literal('error'),
  error: Type.Object({ type: Type.String(), message: Type.String() }, { additionalProperties: true }),
  request_id: Type.Optional(Type.Union([Type.String(), Type.Null()]))
}, { additionalProperties: true })

/** The admin routes' error envelope. */
export const AdminError = Type.Object({
  error: Type.Object({ code: Type.String(), message: Type.String() })
})

/** A point in time: RFC 3339 in UTC. */
export const Time = Type.String({ format: 'date-time' })
export const NullableTime = Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' })
