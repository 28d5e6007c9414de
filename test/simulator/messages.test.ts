import t from 'tap'
import { ask, bodyOf, HEADERS, listening, exchange, parseEvents, simulator, textOf } from './helpers.ts'

t.test('an answer without streaming is one message', async (t) => {
  const response = await ask(simulator(t), bodyOf('say hi'))
  t.match(response.headers['content-type'], /^application\/json/)
  t.match(response.json(), {
    id: /^msg_01\w{22}$/,
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-6',
    content: [{ type: 'text', text: 'hi' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    stop_details: null,
    usage: { input_tokens: Number, output_tokens: 1, cache_creation: { ephemeral_5m_input_tokens: 0 }, service_tier: 'standard' }
  })
})

t.test('a streamed answer has the headers of an event stream', async (t) => {
  const { headers } = await ask(simulator(t), bodyOf('say hi', { stream: true }))
  t.match(headers, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', 'request-id': /^req_/ })
})

t.test('a streamed answer says the same as one without streaming', async (t) => {
  const app = simulator(t)
  const plain = await ask(app, bodyOf('tell me about 🌍 and 世界'))
  const streamed = await ask(app, bodyOf('tell me about 🌍 and 世界', { stream: true }))
  t.equal(textOf(parseEvents(streamed.body)), plain.json().content[0].text)
})

t.test('"count to N" makes a stream of N + 6 events', async (t) => {
  const { body } = await ask(simulator(t), bodyOf('count to 47', { stream: true }))
  t.equal(parseEvents(body).length, 53)
})

t.test('an undated name is answered with the dated model', async (t) => {
  t.equal((await ask(simulator(t), bodyOf('say hi', { model: 'claude-haiku-4-5' }))).json().model, 'claude-haiku-4-5-20251001')
})

t.test('a tool loop goes through', async (t) => {
  const app = simulator(t)
  const tools = [{ name: 'Bash', input_schema: { type: 'object' } }]
  const first = bodyOf('use the Bash tool with {"command":"echo hello"}', { tools })
  const { content } = (await ask(app, first)).json()
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: content[1].id, content: 'hello' }] }
  const second = await ask(app, { ...first, messages: [...first.messages, { role: 'assistant', content }, result] })
  t.match(second.json(), { content: [{ type: 'text', text: 'The tool answered: hello' }], stop_reason: 'end_turn' })
})

t.test('max_tokens 0 gives an empty answer', async (t) => {
  t.match((await ask(simulator(t), bodyOf('say hi', { max_tokens: 0 }))).json(), { content: [], stop_reason: 'max_tokens', usage: { output_tokens: 0 } })
})

t.test('a cached prefix is written once and read from then on', async (t) => {
  const app = simulator(t)
  const body = bodyOf('say hi', { system: [{ type: 'text', text: 'Be kind. '.repeat(100), cache_control: { type: 'ephemeral' } }] })
  const first = (await ask(app, body)).json().usage
  const second = (await ask(app, body)).json().usage
  t.ok(first.cache_creation_input_tokens > 200)
  t.equal(second.cache_read_input_tokens, first.cache_creation_input_tokens)
})

t.test('tokens are counted', async (t) => {
  const body = bodyOf('say hi')
  const response = await simulator(t).inject({ method: 'POST', url: '/v1/messages/count_tokens', headers: HEADERS, payload: body })
  t.same(response.json(), { input_tokens: Math.ceil(JSON.stringify(body).length / 4) })
})

t.test('counting tokens needs no max_tokens', async (t) => {
  const payload = { model: 'claude-opus-5', messages: [{ role: 'user', content: 'hi' }] }
  t.equal((await simulator(t).inject({ method: 'POST', url: '/v1/messages/count_tokens', headers: HEADERS, payload })).statusCode, 200)
})

t.test('counting tokens needs messages', async (t) => {
  const response = await simulator(t).inject({ method: 'POST', url: '/v1/messages/count_tokens', headers: HEADERS, payload: { model: 'claude-opus-5' } })
  t.match(response.json(), { error: { message: 'messages: Field required' } })
})

t.test('a paced stream brings its events one by one', async (t) => {
  const { url } = await listening(t, { paceMs: 5 })
  const { chunks } = await exchange(url, bodyOf('count to 4', { stream: true }))
  t.equal(chunks.length, 10)
})

t.test('a long stream is made while it is read', async (t) => {
  const { url } = await listening(t)
  const { text } = await exchange(url, bodyOf('write 20000 kilobytes', { stream: true, max_tokens: 128_000 }))
  t.equal(textOf(parseEvents(text)).length, 20_000 * 1024)
})
