import t from 'tap'
import { draftAnswer } from '../../src/simulator/answer.ts'
import { createIds } from '../../src/simulator/ids.ts'
import { findModel } from '../../src/simulator/models.ts'
import { bodyOf } from './helpers.ts'
import type { Draft, MessagesRequest } from '../../src/simulator/types.ts'

const bash = { name: 'Bash', input_schema: { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] } }
const read = { name: 'Read', input_schema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] } }

function draft (prompt: string, fields: Partial<MessagesRequest> = {}): Draft {
  const request = { ...bodyOf(prompt), ...fields }
  return draftAnswer(request, findModel(request.model), createIds())
}

const wordsOf = ({ parts }: Draft) => parts.map((part) => part.type === 'text' ? part.pieces.join('') : '').join('')
const callsOf = ({ parts }: Draft) => parts.flatMap((part) => part.type === 'tool_use' ? [{ name: part.name, input: part.input }] : [])

const result = (fields: object = {}) => [{ role: 'user' as const, content: [{ type: 'tool_result' as const, tool_use_id: 'toolu_1', ...fields }] }]

t.test('"say" answers with the words behind it', async (t) => {
  t.equal(wordsOf(draft('say hi')), 'hi')
})

t.test('"say" leaves out quotation marks around the words', async (t) => {
  t.equal(wordsOf(draft('Say "good morning, 世界 🌍"')), 'good morning, 世界 🌍')
})

t.test('"say" says also what would mean something else', async (t) => {
  t.equal(wordsOf(draft('say count to 3')), 'count to 3')
})

t.test('"count" answers with exactly so many text deltas', async (t) => {
  t.equal(draft('count to 47').parts[0]?.pieces.length, 47)
})

t.test('"count" counts', async (t) => {
  t.equal(wordsOf(draft('count to 5')), '1 2 3 4 5')
})

t.test('"write N kilobytes" answers with so many bytes', async (t) => {
  t.equal(Buffer.byteLength(wordsOf(draft('write 20 kilobytes'))), 20 * 1024)
})

t.test('anything else is quoted', async (t) => {
  t.match(wordsOf(draft('What is the weather like?')), '“What is the weather like?”')
})

t.test('a conversation without words is greeted', async (t) => {
  t.match(wordsOf(draft('')), /^Hello!/)
})

t.test('the same request gets the same words', async (t) => {
  t.equal(wordsOf(draft('tell me')), wordsOf(draft('tell me')))
})

t.test('a format is filled in', async (t) => {
  const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
  t.same(JSON.parse(wordsOf(draft('where?', { output_config: { format: { type: 'json_schema', schema } } }))), { city: 'example city' })
})

t.test('a tool that the prompt asks for is called with the input that the prompt gives', async (t) => {
  t.same(callsOf(draft('use the Bash tool with {"command":"echo hello"}', { tools: [bash] })), [{ name: 'Bash', input: { command: 'echo hello' } }])
})

t.test('a tool that is asked for without input gets one that fits its schema', async (t) => {
  t.same(callsOf(draft('use the Bash tool', { tools: [bash] })), [{ name: 'Bash', input: { command: 'example command' } }])
})

t.test('the turn of a tool call stops for it', async (t) => {
  t.equal(draft('use the Bash tool', { tools: [bash] }).stopReason, 'tool_use')
})

t.test('a tool that is not asked for is not called', async (t) => {
  t.same(callsOf(draft('say hi', { tools: [bash] })), [])
})

t.test('two tools are called in one turn', async (t) => {
  t.equal(callsOf(draft('use the Bash tool, then use the Read tool', { tools: [bash, read] })).length, 2)
})

t.test('parallel calls can be switched off', async (t) => {
  const fields = { tools: [bash, read], tool_choice: { type: 'auto' as const, disable_parallel_tool_use: true } }
  t.equal(callsOf(draft('use the Bash tool, then use the Read tool', fields)).length, 1)
})

t.test('tool_choice "none" forbids tools', async (t) => {
  t.same(callsOf(draft('use the Bash tool', { tools: [bash], tool_choice: { type: 'none' } })), [])
})

t.test('tool_choice "any" forces a tool', async (t) => {
  t.same(callsOf(draft('say hi', { tools: [read, bash], tool_choice: { type: 'any' } })).map(({ name }) => name), ['Read'])
})

t.test('tool_choice "tool" forces the tool that it names', async (t) => {
  t.same(callsOf(draft('say hi', { tools: [read, bash], tool_choice: { type: 'tool', name: 'Bash' } })).map(({ name }) => name), ['Bash'])
})

t.test('the result of a tool is quoted', async (t) => {
  const answer = draft('', { messages: result({ content: [{ type: 'text', text: 'hello from bash' }] }), tools: [bash] })
  t.equal(wordsOf(answer), 'The tool answered: hello from bash')
})

t.test('the turn after a tool result ends', async (t) => {
  t.equal(draft('', { messages: result({ content: 'done' }), tools: [bash] }).stopReason, 'end_turn')
})

t.test('a failed tool is told as such', async (t) => {
  t.match(wordsOf(draft('', { messages: result({ content: 'no such file', is_error: true }) })), /^The tool failed: no such file/)
})

t.test('thinking comes first when it is switched on', async (t) => {
  t.same(draft('say hi', { thinking: { type: 'adaptive' } }).parts.map(({ type }) => type), ['thinking', 'text'])
})

t.test('thinking stays away when it is not', async (t) => {
  t.same(draft('say hi', { thinking: { type: 'disabled' } }).parts.map(({ type }) => type), ['text'])
})

t.test('thinking can come without its text, but never without its signature', async (t) => {
  t.match(draft('say hi', { thinking: { type: 'adaptive', display: 'omitted' } }).parts[0], { pieces: { length: 0 }, signature: /^[\w+/=]{100,}$/ })
})

t.test('models of the 5.5 generation leave the text out unless it is asked for', async (t) => {
  t.equal(draft('say hi', { model: 'claude-opus-5-5', thinking: { type: 'adaptive' } }).parts[0]?.pieces.length, 0)
  t.not(draft('say hi', { model: 'claude-opus-5-5', thinking: { type: 'adaptive', display: 'summarized' } }).parts[0]?.pieces.length, 0)
})
