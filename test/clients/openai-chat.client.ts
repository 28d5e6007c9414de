import t from 'tap'
import { connectOpenAI, load, loadOpenAI, type Chunk, type Completion, type Zod, type ZodHelpers } from './helpers/openai.ts'
import { bodyOf, startWorld } from './helpers/world.ts'

const OpenAI = await loadOpenAI()
const { z } = await load<{ z: Zod }>('zod')
const { zodResponseFormat } = await load<ZodHelpers>('openai/helpers/zod')

const MODEL = 'claude-sonnet-5-5'
const CALL = 'use the get_weather tool with {"city":"Tromsø 🌌"}'
const WEATHER = {
  type: 'function',
  function: { name: 'get_weather', description: 'The weather of a city.', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } }
}

function ask (content: string, more: object = {}): object {
  return { model: MODEL, messages: [{ role: 'user', content }], ...more }
}

t.test('a whole answer has its words, its thinking and its usage', async (t) => {
  const world = await startWorld(t)
  const completion = await connectOpenAI(OpenAI, world).chat.completions.create(ask('say Grüße, 世界 👋'))
  t.match(completion, {
    id: /^chatcmpl-/,
    object: 'chat.completion',
    model: MODEL,
    choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: 'Grüße, 世界 👋', refusal: null, reasoning_content: /^The user wrote/ } }]
  })
  t.ok(completion.usage!.completion_tokens > 0)
  t.equal(completion.usage!.total_tokens, completion.usage!.prompt_tokens + completion.usage!.completion_tokens)
  t.match(completion._request_id, /^req_/)
  t.match(await world.answered(), [{ route: '/v1/chat/completions', status: 200, outcome: 'complete' }])
})

t.test('the upstream is asked for a stream, and to cache, also where the client does not say so', async (t) => {
  const world = await startWorld(t)
  await connectOpenAI(OpenAI, world).chat.completions.create(ask('say hi'))
  t.match(bodyOf(world.asked()[0]!), { stream: true, cache_control: { type: 'ephemeral' } })
  t.match(world.asked()[0]?.headers, { 'anthropic-version': '2023-06-01', 'user-agent': /^OpenAI\/JS/ })
  for (const name of Object.keys(world.asked()[0]!.headers)) t.notMatch(name, /^x-stainless-|^openai-/)
})

t.test('a stream comes piece by piece, with its usage when asked for', async (t) => {
  const world = await startWorld(t)
  const { chat } = connectOpenAI(OpenAI, world)
  const stream = await chat.completions.create(ask('count to 4', { stream: true, stream_options: { include_usage: true } })) as unknown as AsyncIterable<Chunk>
  const chunks: Chunk[] = []
  for await (const chunk of stream) chunks.push(chunk)
  t.same(chunks.flatMap(({ choices: [choice] }) => choice?.delta.content || []), ['1', ' 2', ' 3', ' 4'])
  t.equal(chunks.at(-2)?.choices[0]?.finish_reason, 'stop')
  t.match(chunks.at(-1), { choices: [], usage: { completion_tokens: Number } })
})

t.test('a stream is put together to the whole answer', async (t) => {
  const world = await startWorld(t)
  const { chat } = connectOpenAI(OpenAI, world)
  for (const request of [ask('say hi'), ask(CALL, { tools: [WEATHER] })]) {
    const whole = await chat.completions.create(request)
    const streamed = await chat.completions.stream({ ...request, stream_options: { include_usage: true } }).finalChatCompletion()
    t.equal(streamed.choices[0]?.finish_reason, whole.choices[0]?.finish_reason)
    t.same(callsOf(streamed), callsOf(whole))
    t.equal(streamed.choices[0]?.message.content, whole.choices[0]?.message.content)
    t.equal(streamed.usage?.completion_tokens, whole.usage?.completion_tokens)
  }
})

/** Ids are drawn anew for every answer. */
function callsOf ({ choices: [choice] }: Completion): object[] {
  return (choice?.message.tool_calls ?? []).map(({ type, function: { name, arguments: input } }) => ({ type, name, input }))
}

t.test('runTools runs a function, and its result is used', async (t) => {
  const world = await startWorld(t)
  const asked: unknown[] = []
  const weather = async (input: unknown) => {
    asked.push(input)
    return '−4 °C, clear'
  }
  const tools = [{ type: 'function', function: { ...WEATHER.function, function: weather, parse: JSON.parse } }]
  const runner = connectOpenAI(OpenAI, world).chat.completions.runTools(ask(CALL, { tools }))
  t.equal(await runner.finalContent(), 'The tool answered: −4 °C, clear')
  t.same(asked, [{ city: 'Tromsø 🌌' }])
  t.match(bodyOf(world.asked()[1]!), {
    messages: [{ role: 'user' }, { role: 'assistant', content: [{ type: 'text' }, { type: 'tool_use', name: 'get_weather' }] }, {
      role: 'user', content: [{ type: 'tool_result', content: '−4 °C, clear' }]
    }]
  })
})

t.test('runTools runs a function of a stream', async (t) => {
  const world = await startWorld(t)
  const tools = [{ type: 'function', function: { ...WEATHER.function, function: async () => 'rain', parse: JSON.parse } }]
  const runner = connectOpenAI(OpenAI, world).chat.completions.runTools(ask(CALL, { tools, stream: true }))
  t.equal(await runner.finalContent(), 'The tool answered: rain')
})

t.test('parse() reads what the schema asks for', async (t) => {
  const world = await startWorld(t)
  const schema = z.object({ city: z.string().describe('A city'), degrees: z.number().int(), days: z.array(z.string()) })
  const completion = await connectOpenAI(OpenAI, world).chat.completions.parse<{ city: string, degrees: number, days: string[] }>(
    ask('the weather', { response_format: zodResponseFormat(schema, 'weather') }))
  const parsed = completion.choices[0]?.message.parsed
  t.equal(typeof parsed?.city, 'string')
  t.ok(Number.isInteger(parsed?.degrees))
  t.ok(Array.isArray(parsed?.days))
  t.match(bodyOf(world.asked()[0]!), { output_config: { format: { type: 'json_schema', schema: { type: 'object', additionalProperties: false } } } })
})

t.test('the models are listed, with aliases, and one is told', async (t) => {
  const world = await startWorld(t, { models: { aliases: { 'gpt-5': MODEL } } })
  const { models, chat } = connectOpenAI(OpenAI, world)
  const all = []
  for await (const model of models.list()) all.push(model)
  t.ok(all.length > 4)
  for (const model of all) t.match(model, { id: String, object: 'model', created: Number, owned_by: 'anthropic' })
  t.ok(all.some(({ id }) => id === 'gpt-5'))
  t.match(await models.retrieve('gpt-5'), { id: 'gpt-5', object: 'model' })
  t.equal((await chat.completions.create({ ...ask('say hi'), model: 'gpt-5' })).model, 'gpt-5')
  t.match(bodyOf(world.asked().at(-1)!), { model: MODEL })
})
