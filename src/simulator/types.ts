import { Type, type Static } from '@sinclair/typebox'

/**
 * The parts of the Messages protocol that the simulator reads and writes. The schemas check what it relies on;
 * every other field is accepted, as it is by the real API's open lists. Source: @anthropic-ai/sdk 1.12, resources/messages.
 */

export interface CacheControl { type: 'ephemeral', ttl?: '5m' | '1h' }
export type JsonSchema = boolean | { [keyword: string]: unknown }

export interface TextBlock { type: 'text', text: string, cache_control?: CacheControl | null }
export interface ToolUseBlock { type: 'tool_use', id: string, cache_control?: CacheControl | null }
export interface ToolResultBlock {
  type: 'tool_result'
  tool_use_id: string
  content?: string | InputBlock[]
  is_error?: boolean
  cache_control?: CacheControl | null
}
/** Images, documents, thinking and whatever comes next: told apart from the others by `type`, of which nothing more is known. */
export interface OtherBlock { type: 'other', cache_control?: CacheControl | null }
export type InputBlock = TextBlock | ToolUseBlock | ToolResultBlock | OtherBlock

const Blocks = Type.Unsafe<InputBlock[]>(Type.Array(Type.Object({ type: Type.String() })))
/** An object that may be left out, or be `null`. */
const Open = <T>() => Type.Optional(Type.Unsafe<T | null>(Type.Object({}, { nullable: true })))

const Message = Type.Object({
  role: Type.Unsafe<'user' | 'assistant' | 'system'>(Type.String({ enum: ['user', 'assistant', 'system'] })),
  content: Type.Union([Type.String(), Blocks])
})

const OfferedTool = Type.Object({
  name: Type.String(),
  /** Absent on tools that the API itself defines. */
  input_schema: Open<JsonSchema>(),
  cache_control: Open<CacheControl>()
})

/** What `count_tokens` takes. */
export const CountBody = Type.Object({
  model: Type.String(),
  messages: Type.Array(Message, { minItems: 1 }),
  system: Type.Optional(Type.Union([Type.String(), Blocks])),
  tools: Type.Optional(Type.Array(OfferedTool)),
  tool_choice: Open<{ type: 'auto' | 'any' | 'tool' | 'none', name?: string, disable_parallel_tool_use?: boolean }>(),
  thinking: Open<{ type: string, display?: 'summarized' | 'omitted' }>(),
  output_config: Open<{ format?: { type: string, schema?: JsonSchema } }>(),
  cache_control: Open<CacheControl>()
})

/** `max_tokens` may be 0: such a request only fills the prompt cache. */
export const MessagesBody = Type.Composite([CountBody, Type.Object({
  max_tokens: Type.Integer({ minimum: 0 }),
  stream: Type.Optional(Type.Boolean()),
  stop_sequences: Type.Optional(Type.Array(Type.String())),
  temperature: Type.Optional(Type.Number()),
  top_p: Type.Optional(Type.Number()),
  top_k: Type.Optional(Type.Number())
})])

export type MessagesRequest = Static<typeof MessagesBody>
export type CountRequest = Static<typeof CountBody>
export type Tool = Static<typeof OfferedTool>

/** A part of the answer before it is given a shape: its pieces are the deltas of a stream, and cost a token each. */
export type Part =
  | { type: 'thinking', pieces: string[], tokens: number, signature: string }
  | { type: 'text', pieces: string[], tokens: number }
  | { type: 'tool_use', pieces: string[], tokens: number, id: string, name: string, input: object }

/** What a model says, before it has an id and a bill. */
export interface Draft {
  parts: Part[]
  stopReason: 'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use'
  stopSequence: string | null
}

/** Tokens of the prompt: its total is the sum of the three. */
export interface InputUsage {
  input_tokens: number
  cache_creation_input_tokens: number
  cache_read_input_tokens: number
  cache_creation: { ephemeral_5m_input_tokens: number, ephemeral_1h_input_tokens: number }
}

export interface Answer extends Draft { id: string, model: string, usage: InputUsage }
