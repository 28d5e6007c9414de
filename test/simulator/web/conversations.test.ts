import { randomUUID } from 'node:crypto'
import t from 'tap'
import { call, conversationsPath, say, site } from './helpers.ts'

t.test('a conversation is made under the uuid that the client chose', async (t) => {
  const here = await site(t)
  const uuid = randomUUID()
  const made = await call(here, 'POST', conversationsPath(here), { uuid, name: 'made up', is_temporary: true, model: 'claude-opus-5-5' })
  t.equal(made.status, 201)
  t.match(made.json(), { uuid, name: 'made up', settings: { paprika_mode: null } })
  t.match(here.web.conversations.get(uuid), { organization: here.organization, key: here.key, temporary: true, model: 'claude-opus-5-5', messages: [] })
})

t.test('a bad uuid is 400', async (t) => {
  const here = await site(t)
  t.equal((await call(here, 'POST', conversationsPath(here), { uuid: 'one', name: '' })).status, 400)
})

t.test('a uuid is used once, deleted or not', async (t) => {
  const here = await site(t)
  const { uuid } = here.begin()
  t.equal((await call(here, 'POST', conversationsPath(here), { uuid, name: '' })).status, 400)
  await call(here, 'DELETE', conversationsPath(here, uuid))
  t.equal((await call(here, 'POST', conversationsPath(here), { uuid, name: '' })).status, 400)
})

t.test('the list has what is not temporary', async (t) => {
  const here = await site(t)
  here.begin()
  const kept = here.begin({ temporary: false })
  t.match((await call(here, 'GET', `${conversationsPath(here)}?limit=30&consistency=eventual`)).json().map(({ uuid }: { uuid: string }) => uuid), [kept.uuid])
})

t.test('a conversation is read with its messages', async (t) => {
  const here = await site(t)
  const conversation = here.begin()
  await say(here, conversation, 'say hi')
  const { chat_messages: messages } = (await call(here, 'GET', `${conversationsPath(here, conversation.uuid)}?tree=True&rendering_mode=messages`)).json()
  t.match(messages, [
    { sender: 'human', index: 0, content: [{ type: 'text', text: 'say hi' }] },
    { sender: 'assistant', index: 1, content: [{ type: 'text', text: 'hi' }], stop_reason: 'end_turn', parent_message_uuid: messages[0].uuid }
  ])
})

t.test('settings and name are changed', async (t) => {
  const here = await site(t)
  const { uuid } = here.begin()
  const changed = await call(here, 'PUT', conversationsPath(here, uuid), { name: 'other', settings: { paprika_mode: 'extended' } })
  t.match(changed.json(), { name: 'other', settings: { paprika_mode: 'extended' } })
  t.match(here.web.conversations.get(uuid), { settings: { paprika_mode: 'extended' } })
})

t.test('a deleted conversation is gone', async (t) => {
  const here = await site(t)
  const { uuid } = here.begin()
  const path = conversationsPath(here, uuid)
  t.match(await call(here, 'DELETE', path), { status: 204, text: '' })
  t.equal(here.web.conversations.size, 0)
  t.match(here.web.deleted, [{ uuid }])
  for (const method of ['DELETE', 'GET']) {
    const gone = await call(here, method, path)
    t.equal(gone.status, 404)
    t.match(gone.json(), { error: { type: 'not_found_error', details: { error_code: 'conversation_not_found' } } })
  }
})

t.test('a body with the deletion does no harm', async (t) => {
  const here = await site(t)
  const { uuid } = here.begin()
  t.equal((await call(here, 'DELETE', conversationsPath(here, uuid), { uuid })).status, 204)
})

t.test('another account\'s conversation is not there, in the same organisation either', async (t) => {
  const here = await site(t, 'sk-ant-sid01-made-up-org-blue-aaaa')
  const { uuid } = here.begin()
  const other = 'sk-ant-sid01-made-up-org-blue-bbbb'
  t.equal((await call({ url: here.url, key: other }, 'GET', conversationsPath(here, uuid))).status, 404)
})
