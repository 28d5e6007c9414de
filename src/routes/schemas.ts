import { Type } from '@sinclair/typebox'

/** What an upstream answered: its shape is the upstream's, and it is passed on as bytes. */
export const Passed = Type.Unsafe<unknown>(Type.Any({ description: 'The upstream\'s answer, byte for byte' }))

/** Anthropic's error envelope. */
export const AnthropicError = Type.Object({
  type: Type.Literal('error'),
  error: Type.Object({ type: Type.String(), message: Type.String() }, { additionalProperties: true }),
  request_id: Type.Optional(Type.Union([Type.String(), Type.Null()]))
}, { additionalProperties: true })

/** Anthropic's own limit for a Messages request, in bytes. */
export const BODY_LIMIT = 32 * 1024 * 1024

/** A body of the OpenAI protocol: what is in it is checked where it is translated, with errors that know what is meant. */
export const OpenaiBody = Type.Object({
  prompt_cache_key: Type.Optional(Type.Unknown())
}, { additionalProperties: true, description: 'Send a JSON object with content-type application/json' })

/** OpenAI's error envelope. */
export const OpenaiError = Type.Object({
  error: Type.Object({
    message: Type.String(),
    type: Type.String(),
    param: Type.Union([Type.String(), Type.Null()]),
    code: Type.Union([Type.String(), Type.Null()])
  })
})

export const openaiResponse = { 200: Passed, '4xx': OpenaiError, '5xx': OpenaiError }

/** The admin routes' error envelope. */
export const AdminError = Type.Object({
  error: Type.Object({ code: Type.String(), message: Type.String() })
})

/** An id of the API's, which becomes part of a path: nothing in it can lead elsewhere. @param prefix what it begins with */
export const resourceId = (prefix?: string) => Type.String({
  pattern: `^${prefix === undefined ? '' : `${prefix}_`}[0-9A-Za-z_-]{1,128}$`,
  description: prefix === undefined ? 'Send an id as the list shows it' : `Send an id as the list shows it, beginning with "${prefix}_"`
})

/** A page of one of the API's lists. What else the query holds is the upstream's to judge. */
export const Listing = Type.Object({
  limit: Type.Optional(Type.String({ pattern: '^[0-9]{1,4}$', description: 'Send a number from 1 to 1000' })),
  before_id: Type.Optional(Type.String({ maxLength: 200 })),
  after_id: Type.Optional(Type.String({ maxLength: 200 })),
  page: Type.Optional(Type.String({ maxLength: 2_000 }))
}, { additionalProperties: true })

/** A point in time: RFC 3339 in UTC. */
export const Time = Type.String({ format: 'date-time' })
export const NullableTime = Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' })
export const NullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] })

/** What an admin route says that has nothing else to tell. */
export const Message = Type.Object({ message: Type.String() })
