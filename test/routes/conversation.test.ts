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
