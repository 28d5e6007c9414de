import { hash } from 'node:crypto'
import type { Turn } from './turns.ts'
import type { WebPart } from './web-parts.ts'

/**
 * Names the states of a conversation: each name is a hash over the name before and the turn between the two. The token stands at the
 * beginning of every chain, so no name is ever shared by two of them. Each step is told as JSON, in which no text can pass for a border.
 */
export class ConversationChain {
  #state: string

  /** @param system the parts of the system prompt */
  constructor (tokenId: string, model: string, system: readonly WebPart[]) {
    this.#state = digest(['ccproxy conversation 1', tokenId, model, system.map(canonicalPart)])
  }

  get state (): string {
    return this.#state
  }

  add (turns: readonly Turn[]): this {
    for (const { role, parts } of turns) {
      this.#state = role === 'assistant' ? afterAnswer(this.#state, answerText(parts)) : digest([this.#state, role, parts.map(canonicalPart)])
    }
    return this
  }
}

/** The name of the state that an answer leads to. White space at its end does not count: clients trim it. */
export function afterAnswer (state: string, answer: string): string {
  return digest([state, 'assistant', answer.trimEnd()])
}

/** What the model said, in however many blocks it came. */
export function answerText (parts: readonly WebPart[]): string {
  return parts.map((part) => part.kind === 'text' ? part.text : '').join('')
}

function canonicalPart (part: WebPart): string[] {
  switch (part.kind) {
    case 'text': return ['text', part.text]
    case 'file': return ['file', part.file.name, part.file.mediaType, part.digest]
    case 'document': return ['document', part.attachment.file_name, part.attachment.extracted_content]
  }
}

function digest (step: unknown[]): string {
  return hash('sha256', JSON.stringify(step))
}
