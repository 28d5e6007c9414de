import { isObject, textOf } from './fields.ts'
import type { RedactedThinkingBlock, ThinkingBlock } from './messages.ts'

/** Tells our own `encrypted_content` from OpenAI's, and this form of it from others. */
const MARK = 'ccproxy.1.'

/**
 * Thinking in the `encrypted_content` of a reasoning item: the client keeps it and sends it back, so the gateway has to keep nothing. It is not
 * secret (the client was shown it), and needs no seal of ours: the upstream verifies its own signature.
 * @param model that thought it, as the upstream knows it: others refuse it
 */
export function keepThinking (block: ThinkingBlock | RedactedThinkingBlock, model: string): string {
  return MARK + Buffer.from(JSON.stringify({ model, block })).toString('base64url')
}

/**
 * @returns the block, or `undefined` for what is not ours, is damaged, was thought by another model, or was thought in web mode: claude.ai signs
 * nothing, and the API refuses what is not signed
 */
export function keptThinking (content: unknown, model: string): ThinkingBlock | RedactedThinkingBlock | undefined {
  const text = textOf(content)
  if (!text.startsWith(MARK)) return undefined
  const kept = parsed(Buffer.from(text.slice(MARK.length), 'base64url').toString())
  if (!isObject(kept) || kept['model'] !== model || !isObject(kept['block'])) return undefined
  const { type, thinking, signature, data } = kept['block']
  if (type === 'redacted_thinking' && typeof data === 'string') return { type, data }
  if (type === 'thinking' && typeof thinking === 'string' && typeof signature === 'string' && signature !== '') return { type, thinking, signature }
  return undefined
}

function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
