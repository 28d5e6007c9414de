import type { Ending } from './answer-events.ts'
import type { ChatContext } from './chat-context.ts'

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'function_call' | 'content_filter'

/** @param calls how many calls the client was told of */
export function finishReason (ending: Ending, calls: number, { legacyFunctions }: ChatContext): FinishReason {
  switch (ending.stopReason) {
    case 'max_tokens':
    case 'model_context_window_exceeded': return 'length'
    case 'refusal': return 'content_filter'
    // Without a call, the tool was the one that stands in for structured output.
    case 'tool_use': return calls === 0 ? 'stop' : legacyFunctions ? 'function_call' : 'tool_calls'
    default: return 'stop'
  }
}

/** What the model says to its refusal; null where it did not refuse. */
export function refusalOf ({ stopReason, explanation }: Ending): string | null {
  return stopReason === 'refusal' ? explanation || 'The model refused to answer.' : null
}

/** The id of a message as one of this protocol, the same for the same message. */
export function chatId (id: string): string {
  return `chatcmpl-${id.replace(/^msg_/, '')}`
}
