import t from 'tap'
import { makeToken } from '../helpers/gateway.ts'
import { Exchange } from '../helpers/raw-client.ts'
import { messages } from '../helpers/settled.ts'
import { until } from '../helpers/until.ts'
import { cookieOf, startWebGateway, webSettled, type WebGateway } from '../helpers/web.ts'
import { completionsOf, count, Talk } from '../helpers/web-talk.ts'

const COOKIE = cookieOf('one')
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const IMAGE = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } }

/** Three turns that have been talked. */
async function talkOf (gateway: WebGateway, options: ConstructorParameters<typeof Talk>[1] = {}): Promise<Talk> {
  const talk = new Talk(gateway, options)
  for (const words of ['say alpha', 'say beta', 'say gamma']) await talk.say(words)
  return talk
}

function placesOf (gateway: WebGateway): string[] {
  return completionsOf(gateway).map(({ conversation }) => conversation)
}

t.test('two tokens that say the same never share a conversation', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  const { token } = await makeToken(gateway.app, { name: 'another' })
  const [one, other] = [new Talk(gateway), new Talk(gateway, { token })]
  for (const words of ['say alpha', 'say beta', 'recall turn 1']) t.equal(await one.say(words), await other.say(words))
  const places = placesOf(gateway)
  t.equal(new Set(places).size, 2)
  t.same(places, [0, 1, 0, 1, 0, 1].map((place) => places[place]))
})

t.test('a token that sends another\'s history begins anew with it', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  const talk = await talkOf(gateway)
  const { token } = await makeToken(gateway.app, { name: 'another' })
  t.match(await talk.branch({ token }).say('recall turn 2'), /say beta/)
  t.equal(new Set(placesOf(gateway)).size, 2)
  t.match(completionsOf(gateway).at(-1)!.body, { parent_message_uuid: undefined, attachments: [{ file_name: 'conversation.txt' }] })
})

t.test('another last question to the same history goes on from the same answer, in the same conversation', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  const talk = await talkOf(gateway)
  const branch = talk.branch()
  t.equal(await talk.say('say delta'), 'delta')
  t.equal(await branch.say('say epsilon'), 'epsilon')
  t.match(await branch.say('recall turn 4'), /say epsilon/, 'the branch remembers its own turn')
  t.match(await talk.say('recall turn 4'), /say delta/, 'and so does the trunk')
  const asked = completionsOf(gateway)
  t.equal(new Set(asked.map(({ conversation }) => conversation)).size, 1)
  t.equal(asked[4]!.body.parent_message_uuid, asked[3]!.body.parent_message_uuid)
  t.not(asked[5]!.body.parent_message_uuid, asked[6]!.body.parent_message_uuid)
})

t.test('the same question once more is another answer from the same point', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  const talk = await talkOf(gateway)
  for (let again = 0; again < 3; again++) t.equal((await talk.ask('say delta')).status, 200)
  const asked = completionsOf(gateway).slice(3)
  t.equal(new Set(placesOf(gateway)).size, 1)
  t.equal(new Set(asked.map(({ body }) => body.parent_message_uuid)).size, 1)
})

t.test('an earlier turn that is edited goes on from the answer before it', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  const talk = await talkOf(gateway)
  talk.history = talk.history.slice(0, 2)
  t.equal(await talk.say('say another'), 'another')
  t.match(await talk.say('recall turn 2'), /say another/)
  t.equal(new Set(placesOf(gateway)).size, 1)
})

for (const [what, change] of [
  ['a first turn that is not the same', (talk: Talk) => { talk.history[0] = { role: 'user', content: 'say alphabet' } }],
  ['an answer that was never given', (talk: Talk) => { talk.history[3] = { role: 'assistant', content: 'beta, and more' } }],
  ['a turn that is left out', (talk: Talk) => { talk.history.splice(2, 2) }],
  ['an image in an earlier turn', (talk: Talk) => { talk.history[0] = { role: 'user', content: [IMAGE, { type: 'text', text: 'say alpha' }] } }]
] as const) {
  t.test(`${what} begins anew, with everything told`, async (t) => {
    const gateway = await startWebGateway(t, [COOKIE])
    const talk = await talkOf(gateway)
    change(talk)
    t.match(await talk.say('recall turn 1'), /Turn 1 was: “say alpha/)
    const { conversation, body } = completionsOf(gateway).at(-1)!
    t.not(conversation, placesOf(gateway)[0])
    t.match(body, { parent_message_uuid: undefined, attachments: [{ file_name: 'conversation.txt' }] })
    await talk.say('say on')
    t.equal(placesOf(gateway).at(-1), conversation, 'and that one is held')
  })
}

for (const [what, more] of [
  ['another system prompt', { system: 'You are verbose.' }], ['no system prompt', {}], ['another model', { system: 'You are terse.', model: 'claude-haiku-5-5' }]
] as const) {
  t.test(`${what} begins anew`, async (t) => {
    const gateway = await startWebGateway(t, [COOKIE])
    const talk = await talkOf(gateway, { more: { system: 'You are terse.' } })
    t.match(await talk.branch({ more }).say('recall turn 3'), /say gamma/)
    t.equal(new Set(placesOf(gateway)).size, 2)
  })
}

t.test('what is not said does not part a conversation: cache marks, the form of a text, white space at the end of an answer', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  const talk = await talkOf(gateway)
  talk.history = talk.history.map(({ role, content }, place) => ({
    role, content: [{ type: 'text', text: role === 'assistant' ? `${content}\n` : content, ...place === 0 && { cache_control: { type: 'ephemeral' } } }]
  }))
  await talk.say([{ type: 'text', text: 'say delta' }])
  t.equal(new Set(placesOf(gateway)).size, 1)
})

t.test('a conversation that was deleted on claude.ai costs nothing but a new one', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  const talk = new Talk(gateway)
  await talk.say([IMAGE, { type: 'text', text: 'say alpha' }])
  for (const words of ['say beta', 'say gamma']) await talk.say(words)
  for (const conversation of [...gateway.web.conversations.values()]) gateway.web.bury(conversation)
  t.match(await talk.say('recall turn 2'), /say beta/)
  t.equal(await talk.say('say on'), 'on')
  const [, , , refused, anew, next] = completionsOf(gateway)
  t.ok(refused!.body.parent_message_uuid, 'it was gone on with')
  t.match(anew!.body, { parent_message_uuid: undefined, files: [String] })
  t.equal(next!.conversation, anew!.conversation)
  await webSettled(gateway.app)
  t.equal(gateway.web.conversations.size, 1, 'the one that is held')
})

t.test('however many were deleted at once, every next turn is answered', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  const talks = Array.from({ length: 40 }, () => new Talk(gateway))
  for (const [place, talk] of talks.entries()) await talk.say(`say number ${place}`)
  for (const conversation of [...gateway.web.conversations.values()]) gateway.web.bury(conversation)
  for (const talk of talks) t.equal(await talk.say('say on'), 'on')
})

t.test('a turn while the one before is still being told begins a conversation of its own', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  const talk = await talkOf(gateway)
  const hold = gateway.web.hold('completion-before-headers')
  const first = talk.branch().say('say first')
  await hold.arrived
  const second = talk.say('say second')
  await until(() => count(gateway, 'completion') === 5, 'the second turn to arrive')
  hold.release()
  t.same(await Promise.all([first, second]), ['first', 'second'])
  const [running, beside] = completionsOf(gateway).slice(3)
  t.equal(running!.conversation, placesOf(gateway)[0])
  t.not(beside!.conversation, running!.conversation)
  t.match(await talk.say('recall turn 4'), /say second/)
})

t.test('a turn that its client leaves is gone from claude.ai, and the next one is answered', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  const talk = await talkOf(gateway)
  const hold = gateway.web.hold('completion-mid')
  const exchange = new Exchange(gateway.url, {
    headers: gateway.headers, body: messages({ messages: [...talk.history, { role: 'user', content: 'count to 20' }], stream: true })
  })
  await exchange.has('content_block_delta')
  exchange.leave()
  await webSettled(gateway.app)
  hold.release()
  t.equal(gateway.web.conversations.size, 0)
  t.match(await talk.say('recall turn 1'), /say alpha/)
})

t.test('what has waited too long for its next turn is deleted, and begun anew', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE], { claude: { web_conversation_ttl: 1 } })
  const talk = await talkOf(gateway)
  const { webConversations } = gateway.app
  const since = Date.now()
  await until(() => Date.now() > since + 1, 'the clock to go on')
  webConversations.sweep()
  t.equal(webConversations.held, 0)
  await webSettled(gateway.app)
  t.equal(gateway.web.conversations.size, 0)
  t.match(await talk.say('recall turn 2'), /say beta/)
  t.equal(webConversations.held, 1)
})

t.test('what was used a moment ago is not swept', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  await talkOf(gateway)
  gateway.app.webConversations.sweep()
  t.equal(gateway.app.webConversations.held, 1)
})

t.test('without reuse nothing is held, and every conversation is deleted behind its answer', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE], { claude: { web_conversation_ttl: 0 } })
  const talk = await talkOf(gateway)
  t.match(await talk.say('recall turn 1'), /say alpha/)
  await webSettled(gateway.app)
  t.equal(gateway.app.webConversations.held, 0)
  t.equal(gateway.web.conversations.size, 0)
  t.equal(count(gateway, 'delete'), 4)
})

t.test('a gateway that closes deletes what it holds', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  await Promise.all(Array.from({ length: 12 }, (_, place) => new Talk(gateway).say(`say ${place}`)))
  t.equal(gateway.web.conversations.size, 12)
  await gateway.app.close()
  t.equal(gateway.web.conversations.size, 0)
})

t.test('of more than a thousand the one that waited longest is deleted', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  const { webConversations } = gateway.app
  const oldest = new Talk(gateway)
  await oldest.say('say the first')
  for (let made = 1; made <= 1_000; made += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, place) => new Talk(gateway).say(`say ${made + place}`)))
  }
  t.equal(webConversations.held, 1_000)
  await webSettled(gateway.app)
  t.equal(gateway.web.conversations.size, 1_000)
  t.match(await oldest.say('recall turn 1'), /say the first/)
  t.equal(count(gateway, 'create'), 1_002)
})
