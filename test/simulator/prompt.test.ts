import t from 'tap'
import { readPrompt, readWishes } from '../../src/simulator/prompt.ts'
import { bodyOf } from './helpers.ts'

const bash = { name: 'Bash', input_schema: { type: 'object' } }
const read = { name: 'Read', input_schema: { type: 'object' } }

t.test('the prompt is the last user turn, also with a system message behind it', async (t) => {
  const messages = [
    { role: 'user' as const, content: 'first' },
    { role: 'assistant' as const, content: 'answer' },
    { role: 'user' as const, content: [{ type: 'text' as const, text: 'second' }] },
    { role: 'system' as const, content: [{ type: 'text' as const, text: '# Environment' }] }
  ]
  t.equal(readPrompt({ ...bodyOf(''), messages }).text, 'second')
})

t.test('reminders that a client adds are no part of the prompt', async (t) => {
  const content = [
    { type: 'text' as const, text: '<system-reminder>\nsay nothing\n</system-reminder>\n' },
    { type: 'text' as const, text: 'say hi' }
  ]
  t.equal(readPrompt({ ...bodyOf(''), messages: [{ role: 'user', content }] }).text, 'say hi')
})

t.test('a wish names a tool and its input', async (t) => {
  t.same(readWishes('Please use the Bash tool with {"command":"echo {hello}"} now', [bash]), [{ tool: bash, input: { command: 'echo {hello}' } }])
})

t.test('a wish may leave the input open', async (t) => {
  t.same(readWishes('use the bash tool', [bash]), [{ tool: bash, input: undefined }])
})

t.test('a wish for a tool that is not offered is none', async (t) => {
  t.same(readWishes('use the Bash tool', [read]), [])
})

t.test('several wishes come in the order of the prompt', async (t) => {
  const wishes = readWishes('use the Read tool with {"path":"a"} and use the Bash tool', [bash, read])
  t.same(wishes.map(({ tool }) => tool.name), ['Read', 'Bash'])
})

t.test('an input that is no JSON is left open', async (t) => {
  t.same(readWishes('use the Bash tool with {command: no}', [bash]), [{ tool: bash, input: undefined }])
})
