import t from 'tap'
import fc from 'fast-check'
import { conversationOf } from '../../src/routes/conversation.ts'

const hi = { role: 'user', content: 'hi' }

t.test('the header of Claude Code comes first', async (t) => {
  const body = { metadata: { user_id: 'user_ab_account__session_0f0f' }, messages: [hi] }
  t.equal(conversationOf({ 'x-claude-code-session-id': 'made-up' }, body), 'made-up')
  t.equal(conversationOf({ 'x-claude-code-session-id': 'x'.repeat(500) }, body), '0f0f', 'one too long is not believed')
})

t.test('then the session in metadata.user_id, in both its forms', async (t) => {
  const of = (userId: unknown) => conversationOf({}, { metadata: { user_id: userId } })
  t.equal(of('user_abc_account_1-2_session_0a-1b'), '0a-1b')
  t.equal(of(JSON.stringify({ device_id: 'd', account_uuid: '', session_id: 's-1' })), 's-1')
  for (const other of ['somebody', '{"session_id":7}', '{broken', '', 7, null, undefined]) t.equal(of(other), null, String(other))
})

t.test('else how the conversation begins, however it is spelled and whatever comes later', async (t) => {
  const of = (body: object) => conversationOf({}, body)
  const name = of({ system: 'be kind', messages: [hi] })
  t.type(name, 'string')
  t.equal(of({ system: 'be kind', messages: [hi, { role: 'assistant', content: 'hello' }, { role: 'user', content: 'more' }] }), name)
  t.equal(of({ system: [{ type: 'text', text: 'be kind', cache_control: { type: 'ephemeral' } }], messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] }), name)
  t.not(of({ system: 'be rude', messages: [hi] }), name)
  t.not(of({ system: 'be kind', messages: [{ role: 'user', content: 'ho' }] }), name)
  t.equal(of({ system: 'be kind', messages: [] }), null)
})

t.test('nothing that a client sends makes it throw', async () => {
  fc.assert(fc.property(fc.anything(), fc.anything(), fc.anything(), (messages, system, userId) => {
    const body = JSON.parse(JSON.stringify({ messages, system, metadata: { user_id: userId } }, (_, value: unknown) => typeof value === 'bigint' ? 1 : value)) as object
    for (const each of [body, messages, { messages: [messages] }]) {
      const name = conversationOf({}, each)
      if (name !== null && typeof name !== 'string') return false
    }
    return true
  }), { numRuns: 500 })
})

const CACHED = { cache_control: { type: 'ephemeral' } }
const text = (text: string, more: object = {}) => ({ type: 'text', text, ...more })
const user = (content: unknown) => ({ role: 'user', content })
const begun = (content: unknown, system?: unknown) => conversationOf({}, { system, messages: [user(content)] })

t.test('content nested as deep as a body can be does not make it throw', async (t) => {
  const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown
  t.type(begun([deep], [deep]), 'string')
})

t.test('of a prompt of very many values only the first are read', async (t) => {
  const wide = (end: string) => [...Array.from({ length: 100_000 }, () => text('x')), text(end)]
  t.equal(begun(wide('a')), begun(wide('b')))
})

t.test('cache_control inside a block changes nothing', async (t) => {
  const document = (more: object) => begun([{ type: 'document', source: { type: 'content', content: [text('page', more)] } }])
  t.equal(document(CACHED), document({}))
})

t.test('a user whose name only ends like a session is a user', async (t) => {
  t.equal(conversationOf({}, { metadata: { user_id: 'team_session_0a1b' } }), null)
})

t.test('what is moved from the system prompt to the message is another conversation', async (t) => {
  t.not(begun('c', 'ab'), begun('bc', 'a'))
})

t.test('two images are two conversations', async (t) => {
  const image = (data: string) => begun([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }])
  t.not(image('AAAA'), image('AAAB'))
})
