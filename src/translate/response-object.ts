import type { Ending } from './answer-events.ts'
import type { OpenaiError } from './openai-errors.ts'
import type { ResponsesContext } from './responses-context.ts'

export type ResponseStatus = 'in_progress' | 'completed' | 'incomplete' | 'failed'

/** What of a `response` object changes while it is made. */
export interface ResponseState {
  status: ResponseStatus
  output: object[]
  usage?: object
  /** Why it is incomplete. */
  reason?: string
  error?: { code: string, message: string }
}

/** The `response` object as JSON. Source: `Response` of `openai` 7.57. @param created epoch seconds */
export function responseJson (answer: string, created: number, { echo }: ResponsesContext, state: ResponseState): string {
  const { status, output, usage = null, reason, error = null } = state
  const own = {
    id: `resp_${answer}`,
    object: 'response',
    created_at: created,
    status,
    error,
    incomplete_details: reason === undefined ? null : { reason },
    output,
    usage
  }
  return `{${JSON.stringify(own).slice(1, -1)},${echo}}`
}

/** The status of an answer that came to its end. */
export function endedState ({ stopReason, counts }: Ending, output: object[]): ResponseState {
  const state = { output, usage: counts.response() }
  switch (stopReason) {
    case 'max_tokens':
    case 'model_context_window_exceeded': return { ...state, status: 'incomplete', reason: 'max_output_tokens' }
    case 'refusal': return { ...state, status: 'incomplete', reason: 'content_filter' }
    default: return { ...state, status: 'completed' }
  }
}

/** The error of a response that failed. Codex 0.169 tries again on codes that it does not know. */
export function failureOf ({ code, type, message }: OpenaiError): { code: string, message: string } {
  return { code: code ?? type, message }
}

/** What the ids of an answer's parts are made of. */
export function answerId (id: string): string {
  return id.replace(/^msg_/, '')
}
