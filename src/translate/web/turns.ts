import { asArray, asObject, asOneOf, invalid, missing } from '../fields.ts'
import { webContent } from './web-blocks.ts'
import { notInWebMode } from './web-parameters.ts'
import type { WebPart, WebReading, WebRole } from './web-parts.ts'

/** What one side said in a row, however many messages it took. */
export interface Turn { role: WebRole, parts: WebPart[] }

export interface Turns {
  /** Up to the last answer, which it ends with; empty where there was none. */
  earlier: Turn[]
  /** What is to be answered. */
  fresh: Turn[]
}

/** Reads the messages of a request. @throws a 400 that names the place */
export function turnsOf (messages: unknown, reading: WebReading): Turns {
  if (messages === undefined || messages === null) throw missing('messages', 'Send at least one message.')
  const list = asArray(messages, 'messages')
  const turns: Turn[] = []
  let last: WebRole = 'user'
  for (const [index, item] of list.entries()) {
    const path = `messages.${index}`
    const message = asObject(item, path)
    last = asOneOf(message['role'], ['user', 'assistant', 'system'], `${path}.role`)
    fold(turns, last, webContent(message['content'], last, `${path}.content`, reading))
  }
  if (last === 'assistant') {
    throw notInWebMode(`messages.${list.length - 1}`, 'the last message is an assistant\'s, and to go on from it (prefill) is not available')
  }
  const answers = turns.findLastIndex(({ role }) => role === 'assistant') + 1
  const fresh = turns.slice(answers)
  if (fresh.length === 0) throw invalid('messages', 'hold nothing that could be answered', 'Send a text, an image or a document as the last message.')
  return { earlier: turns.slice(0, answers), fresh }
}

/** A message without content says nothing, and parts no turn. */
function fold (turns: Turn[], role: WebRole, parts: WebPart[]): void {
  if (parts.length === 0) return
  const last = turns.at(-1)
  if (last?.role !== role) turns.push({ role, parts })
  else for (const part of parts) last.parts.push(part)
}
