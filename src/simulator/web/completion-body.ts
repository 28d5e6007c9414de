import { Type, type Static } from '@sinclair/typebox'

const Uuid = Type.String({ pattern: '^[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}$' })
const Nullable = Type.Unsafe<string | null | undefined>(Type.String({ nullable: true }))

const AttachmentBody = Type.Object({
  file_name: Type.String(), file_type: Type.String(), file_size: Type.Integer({ minimum: 0 }), extracted_content: Type.String()
})

/** What the site reads of a completion's body; everything else is let through. */
export const CompletionBody = Type.Object({
  prompt: Type.String(),
  parent_message_uuid: Type.Optional(Type.Unsafe<string | null>({ ...Uuid, nullable: true })),
  timezone: Type.Optional(Type.String()),
  model: Type.Optional(Nullable),
  rendering_mode: Type.Optional(Type.String({ enum: ['messages', 'raw'] })),
  attachments: Type.Optional(Type.Array(AttachmentBody)),
  files: Type.Optional(Type.Array(Type.String())),
  effort: Type.Optional(Nullable),
  thinking_mode: Type.Optional(Type.Unsafe<'off' | 'auto' | 'extended' | null>(Type.String({ nullable: true }))),
  tools: Type.Optional(Type.Array(Type.Object({}))),
  max_tokens_to_sample: Type.Optional(Type.Integer({ minimum: 1 })),
  turn_message_uuids: Type.Optional(Type.Object({ human_message_uuid: Uuid, assistant_message_uuid: Uuid }))
})

export type Completion = Static<typeof CompletionBody>
