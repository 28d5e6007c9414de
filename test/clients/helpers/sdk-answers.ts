import type { Test } from 'tap'
import { connect, type Block, type Body, type Client, type Message, type Model, type Sdk } from './sdk.ts'
import { bodyOf, startWorld } from './world.ts'

const MODEL = 'claude-sonnet-5-5'

/** A question that any client can ask. */
export function ask (content: string, more: object = {}): Body {
  return { model: MODEL, max_tokens: 1_024, messages: [{ role: 'user', content }], ...more }
}

const WEATHER = {
  name: 'get_weather',
  description: 'The weather of a city.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
}
const THINKING = { thinking: { type: 'adaptive', display: 'summarized' } }
const WEATHER_CALL = 'use the get_weather tool with {"city":"Tromsø 🌌"}'

/** Everything that an answer can hold, each a request of its own. */
const KINDS: Record<string, Body> = {
  text: ask('say Grüße, 世界 👋'),
  thinking: ask('say hi', THINKING),
  'a tool call': ask(WEATHER_CALL, { tools: [WEATHER] }),
  'all of it': ask(WEATHER_CALL, { tools: [WEATHER], ...THINKING }),
  'a limit': ask('count to 30', { max_tokens: 5 }),
  'a stop sequence': ask('count to 30', { stop_sequences: [' 7'] })
}

/** What the SDK makes of good answers. */
export function testAnswers (t: Test, Anthropic: Sdk): void {
  for (const [kind, request] of Object.entries(KINDS)) {
    t.test(`a stream with ${kind} is put together to the simulator's message`, async (t) => {
      const { url, token, simulatorUrl } = await startWorld(t)
      const direct = await connect(Anthropic, simulatorUrl, 'sk-ant-made-up').messages.stream(request).finalMessage()
      const through = await connect(Anthropic, url, token).messages.stream(request).finalMessage()
      t.strictSame(through, direct)
    })

    t.test(`a whole message with ${kind} is the simulator's`, async (t) => {
      const { url, token, simulatorUrl } = await startWorld(t)
      const direct = await connect(Anthropic, simulatorUrl, 'sk-ant-made-up').messages.create(request)
      const through = await connect(Anthropic, url, token).messages.create(request)
      t.strictSame(through, direct)
    })
  }

  t.test('the pieces of a stream arrive one by one', async (t) => {
    const { url, token } = await startWorld(t)
    const pieces: string[] = []
    const message = await connect(Anthropic, url, token).messages.stream(ask('count to 4')).on('text', (piece) => { pieces.push(piece) }).finalMessage()
    t.same(pieces, ['1', ' 2', ' 3', ' 4'])
    t.same(message.content, [{ type: 'text', text: '1 2 3 4' }])
  })

  t.test('a tool is asked for, run, and its result is used', async (t) => {
    const { url, token, seen } = await startWorld(t)
    const { messages } = connect(Anthropic, url, token)
    const question = ask(WEATHER_CALL, { tools: [WEATHER], ...THINKING })
    const call = await messages.stream(question).finalMessage()
    const use = call.content.find((block) => block.type === 'tool_use')
    t.match(call, { stop_reason: 'tool_use', content: [{ type: 'thinking', thinking: /get_weather/ }, { type: 'text' }, { name: 'get_weather' }] })
    t.same(use?.input, { city: 'Tromsø 🌌' })
    const result = { type: 'tool_result', tool_use_id: use?.id, content: '−4 °C, clear' }
    const history = [...question.messages, { role: 'assistant', content: call.content }, { role: 'user', content: [result] }]
    const answer = await messages.create({ ...question, messages: history })
    t.equal(textOf(answer), 'The tool answered: −4 °C, clear')
    t.same(bodyOf<{ messages: object[] }>(seen[1]!).messages, history)
  })

  t.test('tokens are counted', async (t) => {
    const { url, token, simulatorUrl } = await startWorld(t)
    const { model, messages } = ask('say hi')
    const direct = await connect(Anthropic, simulatorUrl, 'sk-ant-made-up').messages.countTokens({ model, messages })
    const through = await connect(Anthropic, url, token).messages.countTokens({ model, messages })
    t.ok(through.input_tokens > 0)
    t.strictSame(through, direct)
  })

  t.test('all pages of the models are listed', async (t) => {
    const { url, token, simulatorUrl } = await startWorld(t)
    const direct = await allModels(connect(Anthropic, simulatorUrl, 'sk-ant-made-up'))
    const through = await allModels(connect(Anthropic, url, token))
    t.ok(through.length > 4)
    t.strictSame(through, direct)
  })

  t.test('a model is told', async (t) => {
    const { url, token } = await startWorld(t)
    t.match(await connect(Anthropic, url, token).models.retrieve(MODEL), { id: MODEL, display_name: 'Claude Sonnet 5.5' })
  })

  t.test('every answer names the request id that the upstream gave it', async (t) => {
    const { url, token, log } = await startWorld(t)
    const { messages } = connect(Anthropic, url, token)
    const { _request_id: id } = await messages.create(ask('say hi'))
    t.match(id, /^req_\w+$/)
    t.ok(log.some((line) => (JSON.parse(line) as { upstreamRequestId?: string }).upstreamRequestId === id))
  })

  t.test('beta features are asked for as the SDK asks for them', async (t) => {
    const { url, token, seen, arrived } = await startWorld(t)
    await connect(Anthropic, url, token).beta.messages.create({ ...ask('say hi'), betas: ['made-up-2026-01-01', 'context-1m-2025-08-07'] })
    t.match(seen[0]?.headers['anthropic-beta'], /made-up-2026-01-01,\s?context-1m-2025-08-07/)
    for (const name of ['anthropic-beta', 'anthropic-version', 'user-agent']) t.equal(seen[0]?.headers[name], arrived[0]?.[name])
  })
}

async function allModels ({ models }: Client): Promise<Model[]> {
  const all: Model[] = []
  for await (const model of models.list({ limit: 4 })) all.push(model)
  return all
}

function textOf ({ content }: Message): string {
  return content.map((block: Block) => block.type === 'text' ? block.text : '').join('')
}
