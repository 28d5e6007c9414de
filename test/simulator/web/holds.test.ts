import { once } from 'node:events'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { exchange, open } from '../helpers.ts'
import { call, conversationsPath, cookieOf, say, said, site, startSaying } from './helpers.ts'

t.test('a create that is held has happened', async (t) => {
  const here = await site(t)
  const hold = here.web.hold('create')
  const uuid = randomUUID()
  const made = call(here, 'POST', conversationsPath(here), { uuid, name: '' })
  t.same(await hold.arrived, { key: here.key, url: conversationsPath(here) })
  t.ok(here.web.conversations.has(uuid))
  hold.release()
  t.equal((await made).status, 201)
})

t.test('an upload that is held has happened', async (t) => {
  const here = await site(t)
  const hold = here.web.hold('upload')
  const form = new FormData()
  form.append('file', new Blob(['made up']), 'made-up.txt')
  const response = fetch(`${here.url}/api/${here.organization}/upload`, { method: 'POST', headers: cookieOf(here.key), body: form })
  await hold.arrived
  t.equal(here.web.uploads.size, 1)
  hold.release()
  t.equal((await response).status, 200)
})

t.test('a deletion that is held has not happened, and does not when its client goes away', async (t) => {
  const here = await site(t)
  const { uuid } = here.begin()
  const hold = here.web.hold('delete')
  const stopped = new AbortController()
  const request = fetch(here.url + conversationsPath(here, uuid), { method: 'DELETE', headers: cookieOf(here.key), signal: stopped.signal })
  await hold.arrived
  const aborted = once(here.app.simulator, 'aborted')
  stopped.abort()
  await t.rejects(request)
  await aborted
  hold.release()
  t.ok(here.web.conversations.has(uuid))
  t.equal((await call(here, 'DELETE', conversationsPath(here, uuid))).status, 204)
})

t.test('a completion is held before its headers', async (t) => {
  const here = await site(t)
  const conversation = here.begin()
  const hold = here.web.hold('completion-before-headers')
  const outcome = say(here, conversation, 'say hi')
  await hold.arrived
  t.match(conversation.messages, [{ sender: 'human' }, { sender: 'assistant', text: '', stop_reason: null }])
  hold.release()
  t.equal(said(await outcome), 'hi')
})

t.test('a client that leaves before the headers leaves an empty answer', async (t) => {
  const here = await site(t)
  const conversation = here.begin()
  const hold = here.web.hold('completion-before-headers')
  const outgoing = startSaying(here, conversation, 'say hi')
  outgoing.on('error', () => {})
  await hold.arrived
  const aborted = once(here.app.simulator, 'aborted')
  outgoing.destroy()
  await aborted
  t.match(conversation.messages[1], { text: '', stop_reason: 'user_canceled' })
})

for (const mode of ['messages', 'raw']) {
  t.test(`a completion is held behind its first words (${mode})`, async (t) => {
    const here = await site(t)
    const conversation = here.begin()
    const hold = here.web.hold('completion-mid')
    const outgoing = startSaying(here, conversation, 'count to 3', { rendering_mode: mode })
    const [response] = await once(outgoing, 'response') as [IncomingMessage]
    await hold.arrived
    t.equal(conversation.messages[1]!.text, '1')
    hold.release()
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk
    t.match(text, mode === 'messages' ? /message_stop/ : /"stop_reason":"stop_sequence"/)
    t.equal(conversation.messages[1]!.text, '1 2 3')
  })
}

t.test('a hold can be one account\'s', async (t) => {
  const here = await site(t)
  const hold = here.web.hold('completion-before-headers', 'sk-ant-sid01-made-up-bbbb')
  t.equal((await say(here, here.begin(), 'say hi')).status, 200)
  hold.release()
})

t.test('a hold does not keep the simulator from closing', async (t) => {
  const here = await site(t)
  const hold = here.web.hold('create')
  const outcome = exchange(here.url, { uuid: randomUUID(), name: '' }, cookieOf(here.key), conversationsPath(here))
  await hold.arrived
  await here.app.close()
  t.equal((await outcome).complete, false)
})

t.test('one address plays both', async (t) => {
  const here = await site(t)
  const outgoing = open(here.url, undefined, {}, '/v1/models')
  const [response] = await once(outgoing, 'response') as [IncomingMessage]
  response.resume()
  t.equal(response.statusCode, 200)
})
