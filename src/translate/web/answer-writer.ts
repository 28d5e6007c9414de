import { ByteWriter } from '../byte-writer.ts'
import type { StopReason } from '../messages.ts'

export type ContentBlock = { type: 'text', text: string } | { type: 'thinking', thinking: string, signature: string }

/** What is known when an answer begins. */
export interface AnswerHead { id: string, model: string, inputTokens: number }

/** Why a model refused, as the API tells it. */
export interface RefusalDetails { type: 'refusal', category: string | null, explanation: string | null }

/** What is known when it is complete. The counts are estimates. */
export interface AnswerEnding {
  stopReason: StopReason
  stopSequence: string | null
  stopDetails: RefusalDetails | null
  outputTokens: number
  /** Those of the output that are thinking; `null` where there was none. */
  thinkingTokens: number | null
}

/** Writes an answer of the Messages protocol. Blocks are numbered from 0 in the order in which they begin; they may overlap. */
export interface MessageWriter {
  readonly out: ByteWriter
  begin (head: AnswerHead): void
  blockStart (index: number, type: ContentBlock['type']): void
  piece (index: number, type: ContentBlock['type'], text: string): void
  blockStop (index: number, signature: string): void
  ping (): void
  end (head: AnswerHead, content: ContentBlock[], ending: AnswerEnding): void
}

/** The answer as server-sent events, each with its `event` line. Source: `@anthropic-ai/sdk` 1.12, `RawMessageStreamEvent`. */
export class MessageStream implements MessageWriter {
  readonly out = new ByteWriter()

  begin (head: AnswerHead): void {
    const message = { ...shell(head), content: [], stop_reason: null, stop_sequence: null, stop_details: null }
    this.#event('message_start', { type: 'message_start', message: { ...message, usage: { ...inputUsage(head), output_tokens: 1, service_tier: null } } })
  }

  blockStart (index: number, type: ContentBlock['type']): void {
    this.#event('content_block_start', { type: 'content_block_start', index, content_block: emptyBlock(type) })
  }

  piece (index: number, type: ContentBlock['type'], text: string): void {
    this.out.text('event: content_block_delta\ndata: {"type":"content_block_delta","index":' + index +
      ',"delta":{"type":"' + type + '_delta","' + type + '":' + JSON.stringify(text) + '}}\n\n')
  }

  blockStop (index: number, signature: string): void {
    if (signature !== '') this.#event('content_block_delta', { type: 'content_block_delta', index, delta: { type: 'signature_delta', signature } })
    this.#event('content_block_stop', { type: 'content_block_stop', index })
  }

  ping (): void {
    this.#event('ping', { type: 'ping' })
  }

  end (head: AnswerHead, _content: ContentBlock[], ending: AnswerEnding): void {
    const { cache_creation: _, ...input } = inputUsage(head)
    this.#event('message_delta', { type: 'message_delta', delta: stopFields(ending), usage: { ...input, ...outputUsage(ending) } })
    this.#event('message_stop', { type: 'message_stop' })
  }

  #event (name: string, data: object): void {
    this.out.text(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
  }
}

/** The answer as the one object of a call without `stream`. Source: `@anthropic-ai/sdk` 1.12, `Message`. */
export class MessageObject implements MessageWriter {
  readonly out = new ByteWriter()

  begin (): void {}
  blockStart (): void {}
  piece (): void {}
  blockStop (): void {}
  ping (): void {}

  end (head: AnswerHead, content: ContentBlock[], ending: AnswerEnding): void {
    const usage = { ...inputUsage(head), ...outputUsage(ending), service_tier: null }
    this.out.text(JSON.stringify({ ...shell(head), content, ...stopFields(ending), container: null, diagnostics: null, usage }))
  }
}

export function emptyBlock (type: ContentBlock['type']): ContentBlock {
  return type === 'text' ? { type, text: '' } : { type, thinking: '', signature: '' }
}

const shell = ({ id, model }: AnswerHead) => ({ id, type: 'message', role: 'assistant', model })

const stopFields = ({ stopReason, stopSequence, stopDetails }: AnswerEnding) =>
  ({ stop_reason: stopReason, stop_sequence: stopSequence, stop_details: stopDetails })

/** claude.ai tells nothing of prompt caches, and it is no tier of the API. */
const inputUsage = ({ inputTokens }: AnswerHead) => ({
  input_tokens: inputTokens,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 }
})

const outputUsage = ({ outputTokens, thinkingTokens }: AnswerEnding) => ({
  output_tokens: outputTokens,
  output_tokens_details: thinkingTokens === null ? null : { thinking_tokens: thinkingTokens },
  server_tool_use: null
})
