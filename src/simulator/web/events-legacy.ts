import { event } from '../events.ts'
import { messageLimit, type Turn } from './turn.ts'

/** The answer in the older style: pieces of its text, and nothing else of it. They are made as they are taken. */
export function * legacyEvents (turn: Turn): Generator<string> {
  for (const part of turn.parts) {
    if (part.type !== 'text') continue
    for (const piece of part.pieces) {
      turn.said(piece)
      yield completion(turn, piece, null)
    }
  }
  yield completion(turn, '', turn.stopReason === 'end_turn' ? 'stop_sequence' : turn.stopReason)
}

function completion (turn: Turn, text: string, stopReason: string | null): string {
  return event({
    type: 'completion',
    id: turn.id,
    completion: text,
    stop_reason: stopReason,
    model: turn.model,
    stop: stopReason === 'stop_sequence' ? '\n\nHuman:' : null,
    log_id: turn.traceId,
    messageLimit: { type: messageLimit(turn).type }
  })
}
