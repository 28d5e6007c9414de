import { isObject, textOf } from '../fields.ts'
import { parseLimitMessage, type MessageLimit } from './message-limit.ts'
import { resetOf } from './reset-time.ts'

/** The error that ended a stream of claude.ai. */
export interface WebStreamError {
  /** As in Anthropic's error envelope. */
  type: string
  /** As the upstream wrote it. */
  message: string
  /** `error.details.error_code`, where there is one. */
  code: string | null
  /** Epoch milliseconds; told by errors of a limit. */
  resetsAt: number | null
  /** What a limit's error tells in its message, which is JSON then. */
  limit: MessageLimit | null
}

export function streamError (type: string, message: string): WebStreamError {
  return { type, message, code: null, resetsAt: null, limit: null }
}

/** Reads the `error` of an event. @param value an object as a rule; anything is possible */
export function readStreamError (value: unknown): WebStreamError {
  const error = isObject(value) ? value : { message: value }
  const message = textOf(error['message'])
  const limit = parseLimitMessage(message)
  const details = error['details']
  return {
    type: textOf(error['type']) || 'api_error',
    message: message || 'The upstream told of an error without saying which.',
    code: isObject(details) ? textOf(details['error_code']) || null : null,
    resetsAt: limit?.resetsAt ?? resetOf(error),
    limit
  }
}
