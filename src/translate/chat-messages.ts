import type { Block, TextBlock, ToolResultBlock, ToolUseBlock } from './messages.ts'
import { chatContent, textBlocks, textContent } from './content.ts'
import { arrange, type Entry } from './conversation.ts'
import { asArray, asObject, asOneOf, asString, invalid, missing, optionalString, type Fields } from './fields.ts'
import { toolCallId, toolInput, toolName } from './tools.ts'

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const

/**
 * The `messages` of a Chat request.
 * @param keepsPlace whether system text in mid-conversation may stay where it is; otherwise it goes to the front
 */
export function chatMessages (value: unknown, keepsPlace: boolean): ReturnType<typeof arrange> {
  if (value === undefined || value === null) throw missing('messages', 'Send at least one message.')
  const list = asArray(value, 'messages')
  if (list.length === 0) throw invalid('messages', 'is empty', 'Send at least one message.')
  const system: TextBlock[] = []
  const entries: Entry[] = []
  const legacy = new LegacyCalls()
  for (const [index, item] of list.entries()) {
    const path = `messages.${index}`
    const message = asObject(item, path)
    const role = asOneOf(message['role'], ROLES, `${path}.role`)
    if (role === 'system' || role === 'developer') {
      const blocks = textContent(message['content'], `${path}.content`)
      if (keepsPlace && entries.length > 0) entries.push({ role: 'system', blocks, path })
      else for (const block of blocks) system.push(block)
    } else if (role === 'user') entries.push({ role, blocks: chatContent(message['content'], `${path}.content`), path })
    else if (role === 'assistant') entries.push({ role, blocks: assistantBlocks(message, path, legacy), path })
    else entries.push({ role: 'user', blocks: [toolResult(message, path, role === 'function' ? legacy : undefined)], path })
  }
  return arrange(entries, system, 'messages')
}

/** The old `function_call` has no ids: calls and results pair up by their order. */
class LegacyCalls {
  #calls = 0

  next (): string {
    return `function_call_${++this.#calls}`
  }

  last (path: string): string {
    if (this.#calls === 0) throw invalid(path, 'answers no function call', 'Send the assistant message with the call before it.')
    return `function_call_${this.#calls}`
  }
}

function assistantBlocks (message: Fields, path: string, legacy: LegacyCalls): Block[] {
  const blocks: Block[] = textContent(message['content'], `${path}.content`)
  const refusal = optionalString(message['refusal'], `${path}.refusal`)
  if (refusal) blocks.push(...textBlocks(refusal))
  if (message['audio'] !== undefined && message['audio'] !== null) {
    throw invalid(`${path}.audio`, 'is not supported', 'Send the transcript as content.', 'unsupported_content')
  }
  const calls = message['tool_calls']
  if (calls !== undefined && calls !== null) {
    for (const [index, call] of asArray(calls, `${path}.tool_calls`).entries()) {
      const at = `${path}.tool_calls.${index}`
      blocks.push(toolUse(asObject(call, at), at))
    }
  }
  const call = message['function_call']
  if (call !== undefined && call !== null) {
    blocks.push({ type: 'tool_use', id: legacy.next(), ...calledFunction(asObject(call, `${path}.function_call`), `${path}.function_call`) })
  }
  return blocks
}

function toolUse (call: Fields, path: string): ToolUseBlock {
  const id = toolCallId(call['id'], `${path}.id`)
  const type = asOneOf(call['type'] ?? 'function', ['function', 'custom'], `${path}.type`)
  const fields = asObject(call[type], `${path}.${type}`)
  if (type === 'function') return { type: 'tool_use', id, ...calledFunction(fields, `${path}.function`) }
  const input = asString(fields['input'], `${path}.custom.input`)
  return { type: 'tool_use', id, name: toolName(fields['name'], `${path}.custom.name`), input: { input } }
}

function calledFunction (fields: Fields, path: string): { name: string, input: unknown } {
  const text = optionalString(fields['arguments'], `${path}.arguments`) ?? ''
  return { name: toolName(fields['name'], `${path}.name`), input: toolInput(text, `${path}.arguments`) }
}

function toolResult (message: Fields, path: string, legacy: LegacyCalls | undefined): ToolResultBlock {
  const id = legacy === undefined ? toolCallId(message['tool_call_id'], `${path}.tool_call_id`) : legacy.last(path)
  const content = message['content']
  const blocks = chatContent(content, `${path}.content`)
  if (blocks.length === 0) return { type: 'tool_result', tool_use_id: id }
  return { type: 'tool_result', tool_use_id: id, content: typeof content === 'string' ? content : blocks }
}
