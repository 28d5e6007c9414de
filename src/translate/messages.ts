/**
 * Anthropic Messages, the one language inside: the parts that the translations write and read. Source: `@anthropic-ai/sdk` 1.12.
 * What a translation does not know of passes through the index signatures.
 */

export interface CacheControl { type: 'ephemeral', ttl?: '5m' | '1h' }

export interface TextBlock { type: 'text', text: string, cache_control?: CacheControl }
export interface ImageBlock {
  type: 'image'
  source: { type: 'base64', media_type: string, data: string } | { type: 'url', url: string }
  cache_control?: CacheControl
}
export interface DocumentBlock {
  type: 'document'
  source: { type: 'base64', media_type: 'application/pdf', data: string } | { type: 'text', media_type: 'text/plain', data: string } | { type: 'url', url: string }
  title?: string
  cache_control?: CacheControl
}
export interface ThinkingBlock { type: 'thinking', thinking: string, signature: string }
export interface RedactedThinkingBlock { type: 'redacted_thinking', data: string }
export interface ToolUseBlock { type: 'tool_use', id: string, name: string, input: unknown, cache_control?: CacheControl }
export interface ToolResultBlock {
  type: 'tool_result'
  tool_use_id: string
  content?: string | Array<TextBlock | ImageBlock | DocumentBlock>
  is_error?: boolean
  cache_control?: CacheControl
}
export type Block = TextBlock | ImageBlock | DocumentBlock | ThinkingBlock | RedactedThinkingBlock | ToolUseBlock | ToolResultBlock

export interface Message { role: 'user' | 'assistant' | 'system', content: Block[] }

export interface Tool { name: string, description?: string, input_schema: Record<string, unknown>, strict?: boolean }

export type ToolChoice =
  | { type: 'auto' | 'any', disable_parallel_tool_use?: boolean }
  | { type: 'tool', name: string, disable_parallel_tool_use?: boolean }
  | { type: 'none' }

export type Thinking =
  | { type: 'adaptive', display?: 'summarized' | 'omitted' }
  | { type: 'enabled', budget_tokens: number, display?: 'summarized' | 'omitted' }
  | { type: 'disabled' | 'between_tools' }

export type Effort = 'low' | 'medium' | 'high' | 'xhigh' | 'max'

/** A request as the translations write it; always a stream, also where the client wants a whole answer. */
export interface MessagesRequest {
  model: string
  max_tokens: number
  stream: true
  messages: Message[]
  system?: TextBlock[]
  tools?: Tool[]
  tool_choice?: ToolChoice
  thinking?: Thinking
  output_config?: { effort?: Effort, format?: { type: 'json_schema', schema: Record<string, unknown> } }
  stop_sequences?: string[]
  metadata?: { user_id: string }
  cache_control?: CacheControl
  temperature?: number
  top_p?: number
  service_tier?: 'auto' | 'standard_only'
}

/** Token counts on the wire; each may be missing or null. The whole prompt is the sum of the three that begin it. */
export interface WireUsage {
  input_tokens?: number | null
  cache_creation_input_tokens?: number | null
  cache_read_input_tokens?: number | null
  output_tokens?: number | null
  output_tokens_details?: { thinking_tokens?: number | null } | null
}

/** Why an answer ended. */
export type StopReason =
  | 'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use' | 'pause_turn' | 'refusal' | 'model_context_window_exceeded' | 'compaction'

/** An error as Anthropic tells it, in a body or in an `error` event. */
export interface WireError { type?: string, message?: string }
