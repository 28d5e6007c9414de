import t from 'tap'
import { translateChat } from '../../src/translate/chat-request.ts'
import { translateResponses } from '../../src/translate/responses-request.ts'

// A body may have 32 MiB, in the smallest pieces. Whatever would take more than one pass over these never comes to its end, and whatever hands
// them over as arguments of one call runs out of stack.
const MANY = 300_000
const OPTIONS = { aliases: {}, autoCache: true, userSalt: 'made-up-salt' }
const HI = { role: 'user', content: 'hi' }

function times<T> (make: (index: number) => T): T[] {
  return Array.from({ length: MANY }, (_, index) => make(index))
}

function chat (fields: object) {
  return translateChat({ model: 'claude-sonnet-5', messages: [HI], ...fields }, OPTIONS)
}

function responses (fields: object) {
  return translateResponses({ model: 'claude-sonnet-5', input: 'hi', ...fields }, OPTIONS)
}

t.test('many messages of the same role', async (t) => {
  for (const { messages } of [chat({ messages: times(() => HI) }).request, responses({ input: times(() => HI) }).request]) {
    t.equal(messages.length, 1)
    t.equal(messages[0]?.content.length, MANY)
  }
})

t.test('many turns that use the same id again', async (t) => {
  const turn = [{ role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f' } }] }, { role: 'tool', tool_call_id: 'a', content: 'x' }]
  const { messages } = chat({ messages: times(() => turn).flat() }).request
  const ids = messages.flatMap(({ content }) => content.flatMap((block) => block.type === 'tool_use' ? [block.id] : []))
  t.equal(new Set(ids).size, MANY)
})

t.test('many allowed tools', async (t) => {
  const tools = times((index) => ({ type: 'function', function: { name: `tool_${index}` } }))
  const allowed = tools.toReversed()
  t.equal(chat({ tools, tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: allowed } } }).request.tools?.length, MANY)
})

t.test('many unknown parameters', async (t) => {
  const { ignored } = chat(Object.fromEntries(times((index) => [`shiny_${index}`, 1])))
  t.equal(ignored.length, 32)
})

t.test('many texts of the system', async (t) => {
  const texts = (type: string) => times(() => ({ type, text: 'x' }))
  t.equal(chat({ messages: [{ role: 'system', content: texts('text') }, HI] }).request.system?.length, MANY)
  t.equal(responses({ input: [{ role: 'system', content: texts('input_text') }, HI] }).request.system?.length, MANY)
})

t.test('many tools that run at OpenAI', async (t) => {
  t.same(responses({ tools: times(() => ({ type: 'web_search' })) }).ignored, ['tools.web_search'])
})
