import { documentFromData, documentFromUrl, imageFromUrl, textBlocks } from './content.ts'
import { arrange, type Entry } from './conversation.ts'
import { asArray, asObject, asOneOf, asString, invalid, missing, optionalString, type Fields } from './fields.ts'
import { keptThinking } from './kept-thinking.ts'
import type { Block, DocumentBlock, ImageBlock, TextBlock, ToolResultBlock } from './messages.ts'
import { refusedItem, refusedPart } from './parameters.ts'
import { flatName } from './responses-tools.ts'
import { toolCallId, toolInput, toolName } from './tools.ts'

const ROLES = ['user', 'assistant', 'system', 'developer'] as const

export interface InputOptions {
  /** The model, as the upstream knows it. */
  model: string
  /** Whether system text in mid-conversation may stay where it is; otherwise it goes to the front. */
  keepsPlace: boolean
}

/** The `instructions` and the `input` of a Responses request. */
export function responsesInput (body: Fields, options: InputOptions): ReturnType<typeof arrange> {
  const instructions = optionalString(body['instructions'], 'instructions')
  const system: TextBlock[] = instructions ? textBlocks(instructions) : []
  const { input } = body
  if (input === undefined || input === null) throw missing('input', 'Send a text, or an array of items.')
  if (typeof input === 'string') return arrange([{ role: 'user', blocks: textBlocks(input), path: 'input' }], system, 'input')
  const entries: Entry[] = []
  for (const [index, value] of asArray(input, 'input').entries()) {
    const path = `input.${index}`
    const item = asObject(value, path)
    const entry = { ...entryOf(item, path, options), path }
    if (entry.role !== 'system' || (options.keepsPlace && entries.length > 0)) entries.push(entry)
    else for (const block of entry.blocks) if (block.type === 'text') system.push(block)
  }
  return arrange(entries, system, 'input')
}

function entryOf (item: Fields, path: string, { model }: InputOptions): Omit<Entry, 'path'> {
  switch (item['type'] ?? 'message') {
    case 'message': return message(item, path)
    case 'function_call': {
      const input = toolInput(optionalString(item['arguments'], `${path}.arguments`) ?? '', `${path}.arguments`)
      return call(item, path, input)
    }
    case 'custom_tool_call': return call(item, path, { input: asString(item['input'], `${path}.input`) })
    case 'function_call_output':
    case 'custom_tool_call_output': return { role: 'user', blocks: [callOutput(item, path)] }
    case 'reasoning': {
      const block = keptThinking(item['encrypted_content'], model)
      return { role: 'assistant', blocks: block === undefined ? [] : [block] }
    }
    default: throw refusedItem(item['type'], path)
  }
}

function message (item: Fields, path: string): Omit<Entry, 'path'> {
  const role = asOneOf(item['role'], ROLES, `${path}.role`)
  const blocks = contentOf(item['content'], `${path}.content`)
  if (role === 'user') return { role, blocks }
  for (const [index, block] of blocks.entries()) {
    if (block.type === 'text') continue
    throw invalid(`${path}.content.${index}`, 'holds more than text, and only text can stand here', 'Put it into a user message.', 'unsupported_content')
  }
  return { role: role === 'assistant' ? role : 'system', blocks }
}

function call (item: Fields, path: string, input: unknown): { role: 'assistant', blocks: Block[] } {
  const namespace = optionalString(item['namespace'], `${path}.namespace`)
  const name = toolName(flatName(asString(item['name'], `${path}.name`), namespace), `${path}.name`)
  return { role: 'assistant', blocks: [{ type: 'tool_use', id: toolCallId(item['call_id'], `${path}.call_id`), name, input }] }
}

function callOutput (item: Fields, path: string): ToolResultBlock {
  const id = toolCallId(item['call_id'], `${path}.call_id`)
  const { output } = item
  const blocks = contentOf(output, `${path}.output`)
  if (blocks.length === 0) return { type: 'tool_result', tool_use_id: id }
  return { type: 'tool_result', tool_use_id: id, content: typeof output === 'string' ? output : blocks }
}

/** The content of an item as blocks; null and empty texts give none. */
function contentOf (content: unknown, path: string): Array<TextBlock | ImageBlock | DocumentBlock> {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return textBlocks(content)
  return asArray(content, path).flatMap((part, index) => partBlocks(asObject(part, `${path}.${index}`), `${path}.${index}`))
}

function partBlocks (part: Fields, path: string): Array<TextBlock | ImageBlock | DocumentBlock> {
  switch (part['type']) {
    case 'input_text':
    case 'output_text': return textBlocks(asString(part['text'], `${path}.text`))
    case 'refusal': return textBlocks(asString(part['refusal'], `${path}.refusal`))
    case 'input_image':
      if (isSet(part['file_id']) && !isSet(part['image_url'])) throw refusedPart('responses', 'file_id', path)
      return [imageFromUrl(part['image_url'], `${path}.image_url`)]
    case 'input_file':
      if (isSet(part['file_data'])) return [documentFromData(part['file_data'], part['filename'], `${path}.file_data`)]
      if (isSet(part['file_url'])) return [documentFromUrl(part['file_url'], `${path}.file_url`)]
      if (isSet(part['file_id'])) throw refusedPart('responses', 'file_id', path)
      throw missing(`${path}.file_data`, 'Send the file as a data URL, or its address as file_url.')
    default: throw refusedPart('responses', part['type'], path)
  }
}

function isSet (value: unknown): boolean {
  return value !== undefined && value !== null
}
