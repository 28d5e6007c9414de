import t from 'tap'
import { send } from '../helpers/raw-client.ts'
import { messages } from '../helpers/settled.ts'
import { cookieOf, startWebGateway, webSettled } from '../helpers/web.ts'

// What claude.ai is sent, and what the log says of it.

const SAID = 'made-up words of the owner'

t.test('a conversation is kept out of the owner\'s history, and the model that was asked for is asked for', async (t) => {
  const gateway = await startWebGateway(t, [cookieOf('asked')])
  const { status, body } = await send(gateway.url, { headers: gateway.headers, body: messages({ model: 'claude-opus-5-5', messages: [{ role: 'user', content: SAID }] }) })
  t.equal(status, 200)
  t.match(JSON.parse(body.toString()), { type: 'message', id: /^msg_/, model: 'claude-opus-5-5', usage: { input_tokens: Number, output_tokens: Number } })
  const [create, completion] = ['create', 'completion'].map((endpoint) => JSON.parse(gateway.web.requests.find((one) => one.endpoint === endpoint)!.body.toString()))
  t.match(create, { is_temporary: true })
  t.match(completion, { model: 'claude-opus-5-5', rendering_mode: 'messages', prompt: SAID })
  const [conversation] = gateway.web.conversations.values()
  t.equal(conversation?.temporary, true)
})

t.test('at its most talkative, the log holds nothing of what was said', async (t) => {
  const gateway = await startWebGateway(t, [cookieOf('log')], { log: { level: 'trace' } })
  gateway.web.fail('completion', '500')
  const own = { role: 'user', content: SAID }
  const request = { system: `${SAID} for a system`, messages: [own, { role: 'assistant', content: 'made-up answer' }, own] }
  const answers: string[] = []
  for (const stream of [true, false]) {
    const { body } = await send(gateway.url, { headers: gateway.headers, body: messages({ ...request, stream }) })
    answers.push(body.toString())
  }
  t.match(answers[1], /"text":"./)
  await webSettled(gateway.app)
  const log = gateway.log.join('')
  t.match(log, /"mode":"web"/)
  t.notMatch(log, /made-up words|made-up answer|text_delta|event:/)
  const { content: [{ text }] } = JSON.parse(answers[1]!) as { content: [{ text: string }] }
  t.notOk(log.includes(text), 'nor of the answer')
})

t.test('a plain answer is one JSON message, whatever claude.ai streams', async (t) => {
  const gateway = await startWebGateway(t, [cookieOf('plain')])
  const { headers, body } = await send(gateway.url, { headers: gateway.headers, body: messages() })
  t.match(headers, { 'content-type': /^application\/json/, 'x-ccproxy-usage': 'estimated' })
  t.match(JSON.parse(body.toString()), { content: [{ type: 'text', text: /./ }], stop_reason: 'end_turn' })
})
