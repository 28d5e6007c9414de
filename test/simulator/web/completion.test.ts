import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { after, call, conversationsPath, completionPath, say, said, site, startSaying, turnOf } from './helpers.ts'

const ROOT = '00000000-0000-4000-8000-000000000000'

t.test('the model sees the turns before', async (t) => {
  const here = await site(t)
  const conversation = here.begin()
  await say(here, conversation, 'my colour is blue')
  await say(here, conversation, 'count to 3', after(conversation))
  t.equal(said(await say(here, conversation, 'recall turn 1', after(conversation))), 'Turn 1 was: “my colour is blue”')
  t.same(conversation.messages.map(({ sender }) => sender), ['human', 'assistant', 'human', 'assistant', 'human', 'assistant'])
})

t.test('a branch sees only its own turns', async (t) => {
  const here = await site(t)
  const conversation = here.begin()
  await say(here, conversation, 'first')
  const fork = after(conversation)
  await say(here, conversation, 'second', fork)
  t.match(said(await say(here, conversation, 'third', fork)), 'I have seen 2 turns')
})

t.test('a first turn may name the root', async (t) => {
  const here = await site(t)
  t.equal((await say(here, here.begin(), 'say hi', { parent_message_uuid: ROOT })).status, 200)
})

t.test('a later turn without a parent is 400', async (t) => {
  const here = await site(t)
  const conversation = here.begin()
  await say(here, conversation, 'say hi')
  t.equal((await say(here, conversation, 'say hi')).status, 400)
  t.equal(conversation.messages.length, 2)
})

t.test('a parent that is no answer of the conversation is 400', async (t) => {
  const here = await site(t)
  const [one, other] = [here.begin(), here.begin()]
  await say(here, one, 'say hi')
  t.equal((await say(here, one, 'say hi', { parent_message_uuid: one.messages[0]!.uuid })).status, 400, 'a human message')
  t.equal((await say(here, other, 'say hi', after(one))).status, 400, 'another conversation\'s')
})

t.test('the client may make the uuids of a turn', async (t) => {
  const here = await site(t)
  const conversation = here.begin()
  const ids = { human_message_uuid: '11111111-1111-7111-8111-111111111111', assistant_message_uuid: '22222222-2222-7222-8222-222222222222' }
  t.match((await say(here, conversation, 'say hi', { turn_message_uuids: ids })).text, '"uuid":"22222222-2222-7222-8222-222222222222"')
  t.match(conversation.messages, [{ uuid: ids.human_message_uuid }, { uuid: ids.assistant_message_uuid }])
})

t.test('a conversation that never was is an empty 400, a deleted one 404', async (t) => {
  const here = await site(t)
  const conversation = here.begin()
  const unknown = { ...conversation, uuid: '11111111-1111-4111-8111-111111111111' }
  t.match(await say(here, unknown, 'say hi'), { status: 400, text: '' })
  await call(here, 'DELETE', conversationsPath(here, conversation.uuid))
  t.match(await say(here, conversation, 'say hi'), { status: 404, text: /conversation_not_found/ })
})

t.test('a turn of nothing is 400', async (t) => {
  const here = await site(t)
  t.equal((await say(here, here.begin(), '')).status, 400)
})

t.test('an attachment alone is a turn', async (t) => {
  const here = await site(t)
  const content = 'You are kind.\n\nHuman: my colour is blue\n\nAssistant: noted\n\nHuman: recall turn 1'
  const attachments = [{ file_name: 'paste.txt', file_type: 'txt', file_size: content.length, extracted_content: content }]
  t.equal(said(await say(here, here.begin(), '', { attachments })), 'Turn 1 was: “my colour is blue”')
})

t.test('what was seen is counted', async (t) => {
  const here = await site(t)
  const attachments = [{ file_name: 'paste.txt', file_type: 'txt', file_size: 3, extracted_content: 'äb' }]
  t.equal(said(await say(here, here.begin(), 'what?', { attachments })), 'You wrote: “what?” 👋 I have seen 1 turns, 1 attachments, 0 files and 8 bytes of text.')
})

t.test('a malformed attachment is 400', async (t) => {
  const here = await site(t)
  t.equal((await say(here, here.begin(), 'hi', { attachments: [{ file_name: 'paste.txt' }] })).status, 400)
})

t.test('a body that is no JSON is 400', async (t) => {
  const here = await site(t)
  const response = await fetch(here.url + completionPath(here, here.begin()), { method: 'POST', headers: { cookie: `sessionKey=${here.key}` }, body: '{' })
  t.equal(response.status, 400)
})

t.test('without a model the conversation\'s answers, or the default', async (t) => {
  const here = await site(t)
  t.match((await say(here, here.begin(), 'say hi')).text, '"model":"claude-sonnet-5-5"')
  t.match((await say(here, here.begin({ model: 'claude-opus-5' }), 'say hi')).text, '"model":"claude-opus-5"')
})

t.test('the free plan lacks the larger models', async (t) => {
  const here = await site(t, 'sk-ant-sid01-made-up-plan-free-aaaa')
  t.equal((await say(here, here.begin(), 'say hi', { model: 'claude-haiku-4-5' })).status, 200)
  t.match(await say(here, here.begin(), 'say hi', { model: 'claude-opus-5-5' }), { status: 403, text: /This model isn't available right now\. You can switch/ })
})

t.test('an unknown model is 403', async (t) => {
  const here = await site(t)
  t.match(await say(here, here.begin(), 'say hi', { model: 'claude-unknown' }), { status: 403, text: /"Invalid model"/ })
})

t.test('an answer that its reader leaves stays as far as it was said', async (t) => {
  const here = await site(t, undefined, { paceMs: 5 })
  const conversation = here.begin()
  const outgoing = startSaying(here, conversation, 'count to 10000')
  outgoing.on('error', () => {})
  const hold = here.web.hold('completion-mid')
  const [response] = await once(outgoing, 'response') as [IncomingMessage]
  response.resume()
  await hold.arrived
  const aborted = once(here.app.simulator, 'aborted')
  outgoing.destroy()
  await aborted
  hold.release()
  t.strictSame([conversation.messages[1]?.text, conversation.messages[1]?.stop_reason], ['1', 'user_canceled'])
})

t.test('with one stream open, a second is one too many', async (t) => {
  const here = await site(t, 'sk-ant-sid01-made-up-concurrent-1-aaaa')
  const hold = here.web.hold('completion-before-headers')
  const first = say(here, here.begin(), 'say hi')
  await hold.arrived
  const second = await say(here, here.begin(), 'say hi')
  t.equal(second.status, 429)
  t.match(JSON.parse(JSON.parse(second.text).error.message), { type: 'exceeded_limit', resetsAt: null, representativeClaim: 'concurrents' })
  hold.release()
  t.equal((await first).status, 200)
  t.equal((await say(here, here.begin(), 'say hi')).status, 200)
})

t.test('every request is shown as it came', async (t) => {
  const here = await site(t)
  const conversation = here.begin()
  await say(here, conversation, 'say hi')
  t.match(here.web.requests, [{ method: 'POST', endpoint: 'completion', url: completionPath(here, conversation), headers: { cookie: `sessionKey=${here.key}` } }])
  t.same(JSON.parse(here.web.requests[0]!.body.toString()), turnOf('say hi'))
  t.equal(here.web.bytes.completion, here.web.requests[0]!.body.length)
})
