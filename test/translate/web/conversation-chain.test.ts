import fc from 'fast-check'
import t from 'tap'
import { translateChat } from '../../../src/translate/chat-request.ts'
import { planWeb } from '../../../src/translate/web/web-plan.ts'

const OPTIONS = { aliases: {}, autoCache: true, userSalt: 'made-up-salt' }
const PNG = 'iVBORw0KGgo='

interface Body { model: string, system?: unknown, messages: Array<{ role: string, content: unknown }> }

const body = (changes: Partial<Body> = {}): Body => ({
  model: 'claude-sonnet-5',
  system: 'be brief',
  messages: [{ role: 'user', content: 'hi' }, { role: 'assistant', content: 'hello' }, { role: 'user', content: 'go' }],
  ...changes
})

function names (made: object, token = 'token-1'): [string | null, string] {
  const plan = planWeb(made, token)
  return [plan.before, plan.after('ok')]
}

const withFirst = (content: unknown) => body({ messages: [{ role: 'user', content }, ...body().messages.slice(1)] })
const withAnswer = (content: unknown) => body({ messages: [body().messages[0]!, { role: 'assistant', content }, body().messages[2]!] })

t.test('the same conversation has the same names in whatever form it is told', async (t) => {
  const same = {
    'system blocks': body({ system: [{ type: 'text', text: 'be brief', cache_control: { type: 'ephemeral' } }] }),
    'text blocks': withFirst([{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }, { type: 'text', text: '' }]),
    'an answer in pieces': withAnswer([{ type: 'text', text: 'hel' }, { type: 'text', text: 'lo' }]),
    'white space at the end of an answer': withAnswer('hello \n'),
    thinking: withAnswer([{ type: 'thinking', thinking: 'hm', signature: 's' }, { type: 'redacted_thinking', data: 'x' }, { type: 'text', text: 'hello' }]),
    'a message that says nothing': body({ messages: [{ role: 'user', content: [] }, ...body().messages] })
  }
  for (const [form, told] of Object.entries(same)) t.strictSame(names(told), names(body()), form)
})

t.test('another conversation has other names', async (t) => {
  const others = [
    withFirst('hi '),
    withFirst([{ type: 'text', text: 'h' }, { type: 'text', text: 'i' }]),
    withFirst([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }]),
    withFirst([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgs=' } }]),
    withFirst([{ type: 'image', source: { type: 'base64', media_type: 'image/gif', data: PNG } }]),
    withFirst([{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'hi' } }]),
    withAnswer('hello!'),
    withAnswer(' hello'),
    body({ model: 'claude-opus-5' }),
    body({ system: 'be brief.' }),
    body({ system: undefined }),
    body({ system: undefined, messages: [{ role: 'system', content: 'be brief' }, ...body().messages] })
  ]
  const all = [body(), ...others].map((told) => names(told))
  t.equal(new Set(all.map(([before]) => before)).size, all.length)
  t.equal(new Set(all.map(([, after]) => after)).size, all.length)
})

t.test('no name is shared by two tokens', async (t) => {
  const [before, after] = names(body())
  const [otherBefore, otherAfter] = names(body(), 'token-2')
  t.not(before, otherBefore)
  t.not(after, otherAfter)
})

t.test('no text can move a border between token, model and message', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '['), maxLength: 2 })
  fc.assert(fc.property(fc.tuple(text, text, text), fc.tuple(text, text, text), ([token, model, said], [token2, model2, said2]) => {
    const one = names({ model: `m${model}`, messages: [{ role: 'user', content: `u${said}` }] }, token)[1]
    const other = names({ model: `m${model2}`, messages: [{ role: 'user', content: `u${said2}` }] }, token2)[1]
    return (one === other) === (token === token2 && model === model2 && said === said2)
  }))
})

const word = fc.string({ minLength: 1, unit: 'binary' }).filter((text) => text.trim() !== '')
const part = fc.oneof(
  word.map((text) => ({ type: 'text', text })),
  fc.constant({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }),
  word.map((data) => ({ type: 'document', source: { type: 'text', media_type: 'text/plain', data } }))
)
const told = fc.oneof(word, fc.array(part, { minLength: 1, maxLength: 3 }))
const rounds = fc.array(fc.record({ asked: told, answer: word }), { minLength: 2, maxLength: 6 })

t.test('the name after an answer is the name before the next turn', async () => {
  fc.assert(fc.property(rounds, fc.option(word, { nil: undefined }), (rounds, system) => {
    const messages: Body['messages'] = []
    let expected: string | null = null
    for (const { asked, answer } of rounds) {
      messages.push({ role: 'user', content: asked })
      const plan = planWeb({ model: 'claude-sonnet-5', system, messages }, 'token-1')
      if (plan.before !== expected) return false
      expected = plan.after(answer)
      messages.push({ role: 'assistant', content: answer })
    }
    return true
  }))
})

const chatPart = fc.oneof(
  word.map((text) => ({ type: 'text', text })),
  fc.constant({ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } }),
  fc.constant({ type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERg==', filename: 'a.pdf' } })
)
const chatTold = fc.oneof(word, fc.array(chatPart, { minLength: 1, maxLength: 3 }))
const chatRounds = fc.array(fc.record({ asked: chatTold, answer: word }), { minLength: 2, maxLength: 6 })

t.test('so it is through the OpenAI protocol, and a Messages client that says the same has the same names', async (t) => {
  fc.assert(fc.property(chatRounds, (rounds) => {
    const messages: Body['messages'] = [{ role: 'developer', content: 'be brief' }]
    let expected: string | null = null
    for (const { asked, answer } of rounds) {
      messages.push({ role: 'user', content: asked })
      const plan = planWeb(translateChat({ model: 'claude-sonnet-5', messages }, OPTIONS).request, 'token-1')
      if (plan.before !== expected) return false
      expected = plan.after(answer)
      messages.push({ role: 'assistant', content: answer })
    }
    return true
  }))
  const chat = translateChat({ model: 'claude-sonnet-5', messages: [{ role: 'system', content: 'be brief' }, ...body().messages] }, OPTIONS).request
  t.strictSame(names(chat), names(body()))
})
