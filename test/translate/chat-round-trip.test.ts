import { deepStrictEqual } from 'node:assert/strict'
import t from 'tap'
import fc from 'fast-check'
import type { Block, MessagesRequest, ToolResultBlock, ToolUseBlock } from '../../src/translate/messages.ts'
import { translateChat } from '../../src/translate/chat-request.ts'

/** What the names of freeform tools begin with. */
const FREEFORM = 'freeform_'

/** A Chat message in the one form that the inverse below writes. */
interface ChatMessage {
  role: 'user' | 'assistant' | 'tool'
  content: string | null | object[]
  tool_calls?: object[]
  tool_call_id?: string
}

/** Back from Messages to Chat, for what both can say. */
function toChat ({ system = [], messages }: MessagesRequest): object[] {
  return [...system.map(({ text }) => ({ role: 'system', content: text })), ...messages.flatMap(({ role, content }) => role === 'assistant' ? [assistant(content)] : user(content))]
}

function assistant (content: Block[]): ChatMessage {
  const texts = content.flatMap((block) => block.type === 'text' ? [block.text] : [])
  const calls = content.flatMap((block) => block.type === 'tool_use'
    ? [call(block)]
    : [])
  return { role: 'assistant', content: texts.length === 0 ? null : texts.join(''), ...(calls.length > 0 ? { tool_calls: calls } : {}) }
}

/** A freeform tool is told by its name here; in the protocol, by the request's list of tools. */
function call ({ id, name, input }: ToolUseBlock): object {
  if (!name.startsWith(FREEFORM)) return { id, type: 'function', function: { name, arguments: JSON.stringify(input) } }
  return { id, type: 'custom', custom: { name, input: (input as { input: string }).input } }
}

function user (content: Block[]): ChatMessage[] {
  const results = content.flatMap((block): ChatMessage[] => block.type === 'tool_result' ? [{ role: 'tool', tool_call_id: block.tool_use_id, content: contentOf(block) }] : [])
  const parts = content.flatMap((block) => part(block))
  return parts.length === 0 ? results : [...results, { role: 'user', content: parts }]
}

function contentOf ({ content }: ToolResultBlock): string | object[] {
  return typeof content === 'string' ? content : (content ?? []).flatMap(part)
}

function part (block: Block): object[] {
  if (block.type === 'text') return [{ type: 'text', text: block.text }]
  if (block.type === 'document' && block.source.type === 'base64') {
    const { source: { media_type: mediaType, data }, title } = block
    return [{ type: 'file', file: { filename: title, file_data: `data:${mediaType};base64,${data}` } }]
  }
  if (block.type !== 'image') return []
  const { source } = block
  return [{ type: 'image_url', image_url: { url: source.type === 'url' ? source.url : `data:${source.media_type};base64,${source.data}` } }]
}

const text = fc.string({ minLength: 1, unit: 'grapheme' }).filter((value) => value.trim() !== '')
const base64 = fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes).toString('base64'))
const image = fc.oneof(
  base64.map((data) => `data:image/png;base64,${data}`),
  fc.webUrl({ validSchemes: ['https'] })
).map((url) => ({ type: 'image_url', image_url: { url } }))
const file = base64.map((data) => ({ type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${data}` } }))
const parts = fc.array(fc.oneof(text.map((value) => ({ type: 'text', text: value })), image, file), { minLength: 1, maxLength: 4 })
const userTurn = parts
  .map((content): ChatMessage => ({ role: 'user', content }))
const toolCall = fc.record({
  name: fc.stringMatching(/^[a-zA-Z0-9-]{1,64}$/),
  freeform: fc.option(fc.string()),
  input: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 }).map((input) => JSON.stringify(input)),
  result: fc.oneof(text, parts)
})
const modelTurn = fc.record({ content: text, calls: fc.array(toolCall, { maxLength: 3 }), silent: fc.boolean() })
const conversation = fc.record({
  system: fc.array(text, { maxLength: 2 }),
  opening: userTurn,
  turns: fc.array(fc.tuple(modelTurn, userTurn), { maxLength: 4 })
}).map(({ system, opening, turns }) => [
  ...system.map((content) => ({ role: 'system', content })),
  opening,
  ...turns.flatMap(([{ content, calls, silent }, next], turn) => {
    const ids = calls.map((_, index) => `call_${turn}_${index}`)
    const toolCalls = calls.map(({ name, freeform, input }, index) => freeform === null
      ? { id: ids[index], type: 'function', function: { name, arguments: input } }
      : { id: ids[index], type: 'custom', custom: { name: FREEFORM + name, input: freeform } })
    const hasCalls = calls.length > 0
    return [
      { role: 'assistant', content: hasCalls && silent ? null : content, ...(hasCalls ? { tool_calls: toolCalls } : {}) },
      ...calls.map(({ result }, index) => ({ role: 'tool', tool_call_id: ids[index], content: result })),
      next
    ]
  })
])

t.test('Chat to Messages and back loses nothing that both can say', async () => {
  fc.assert(fc.property(conversation, (messages) => {
    const { request } = translateChat({ model: 'claude-sonnet-5', messages }, { aliases: {}, autoCache: true, userSalt: 's' })
    deepStrictEqual(toChat(request), messages)
  }), { numRuns: 300 })
})
