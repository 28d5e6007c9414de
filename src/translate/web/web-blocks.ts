import { asObject, asString, invalid, type Fields } from '../fields.ts'
import { mappedType, noteIgnored, notInWebMode } from './web-parameters.ts'
import type { WebPart, WebReading, WebRole } from './web-parts.ts'
import { documentParts, imagePart } from './web-sources.ts'

/**
 * The content of a message, or the system prompt, as parts. Empty texts and earlier thinking give none.
 * @param content a string or an array of blocks, nothing of it checked
 */
export function webContent (content: unknown, role: WebRole, path: string, reading: WebReading): WebPart[] {
  if (typeof content === 'string') return textParts(content)
  if (!Array.isArray(content)) throw invalid(path, 'must be a string or an array of blocks', 'Send the text as a string.', 'invalid_type')
  return content.flatMap((item: unknown, index) => {
    const at = `${path}.${index}`
    const block = asObject(item, at)
    noteIgnored(block, reading.ignored)
    return blockParts(block, role, at, reading)
  })
}

function blockParts (block: Fields, role: WebRole, path: string, reading: WebReading): WebPart[] {
  const type = mappedType('block', block, path)
  if (type === 'text') return textParts(asString(block['text'], `${path}.text`))
  const thought = type === 'thinking' || type === 'redacted_thinking'
  if (thought && role === 'assistant') return []
  if (thought || role !== 'user') throw notInWebMode(path, `a block of the type ${type} is not available for the role ${role}`)
  return type === 'image' ? [imagePart(block, path, reading)] : documentParts(block, path, reading)
}

function textParts (text: string): WebPart[] {
  return text.trim() === '' ? [] : [{ kind: 'text', text }]
}
