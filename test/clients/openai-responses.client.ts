import t from 'tap'
import { classOf, connectOpenAI, errorOf, fault, load, loadOpenAI, type Response, type ResponseEvent, type Zod, type ZodHelpers } from './helpers/openai.ts'
import { bodyOf, startWorld } from './helpers/world.ts'

const OpenAI = await loadOpenAI()
const { z } = await load<{ z: Zod }>('zod')
const { zodTextFormat } = await load<ZodHelpers>('openai/helpers/zod')

const MODEL = 'claude-sonnet-5-5'
const CALL = 'use the get_weather tool with {"city":"Tromsø 🌌"}'
const WEATHER = {
  type: 'function', name: 'get_weather', strict: false, parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
}

t.test('a whole response has its text, its reasoning and its usage', async (t) => {
  const world = await startWorld(t)
  const response = await connectOpenAI(OpenAI, world).responses.create({ model: MODEL, instructions: 'Be brief.', input: 'say Grüße, 世界 👋' })
  t.equal(response.output_text, 'Grüße, 世界 👋')
  t.match(response, {
    id: /^resp_/, object: 'response', status: 'completed', error: null, instructions: 'Be brief.', output: [{ type: 'reasoning' }, { type: 'message', status: 'completed' }]
  })
  t.ok(response.usage.output_tokens > response.usage.output_tokens_details.reasoning_tokens)
  t.match(bodyOf(world.asked()[0]!), { system: [{ type: 'text', text: 'Be brief.' }] })
})

t.test('a stream is put together to the whole response, and its events are numbered', async (t) => {
  const world = await startWorld(t)
  const { responses } = connectOpenAI(OpenAI, world)
  for (const request of [{ model: MODEL, input: 'say hi' }, { model: MODEL, input: CALL, tools: [WEATHER] }]) {
    const stream = responses.stream(request)
    const events: ResponseEvent[] = []
    for await (const event of stream) events.push(event)
    t.same(events.map(({ sequence_number: number }) => number), events.map((_, index) => index))
    t.equal(events[0]?.type, 'response.created')
    t.equal(events.at(-1)?.type, 'response.completed')
    const streamed = await stream.finalResponse()
    const whole = await responses.create(request)
    t.match(shapesOf(streamed), shapesOf(whole))
    t.equal(streamed.output_text, whole.output_text)
    t.same(streamed.usage, { ...whole.usage, ...pick(streamed.usage, whole.usage) })
  }
})

/** Ids are drawn anew for every answer, and the SDK adds what it parsed. */
function shapesOf ({ output }: Response): object[] {
  return output.map(({ id: _, call_id: _id, ...item }) => JSON.parse(JSON.stringify({ ...item, parsed_arguments: undefined })) as object)
}

/** Prompt caches make the second of two equal requests cheaper: the split differs, the sums do not. */
function pick (one: object, other: object): object {
  return Object.fromEntries(Object.entries(one).filter(([name]) => name.endsWith('_details') && name in other))
}

t.test('reasoning that the client keeps goes back upstream, signed', async (t) => {
  const world = await startWorld(t)
  const { responses } = connectOpenAI(OpenAI, world)
  const first = { model: MODEL, input: [{ role: 'user', content: CALL }], tools: [WEATHER], include: ['reasoning.encrypted_content'] }
  const { output } = await responses.create(first)
  const call = output.find(({ type }) => type === 'function_call')
  t.match(call, { name: 'get_weather', arguments: '{"city":"Tromsø 🌌"}' })
  const result = { type: 'function_call_output', call_id: call?.call_id, output: 'clear' }
  const second = await responses.create({ ...first, input: [...first.input, ...output, result] })
  t.equal(second.output_text, 'The tool answered: clear')
  t.match(bodyOf(world.asked()[1]!), {
    messages: [{ role: 'user' }, {
      role: 'assistant', content: [{ type: 'thinking', thinking: /get_weather/, signature: /.+/ }, { type: 'text' }, { type: 'tool_use', id: call?.call_id }]
    }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.call_id, content: 'clear' }] }]
  })
})

t.test('a tool of a namespace is called by it', async (t) => {
  const world = await startWorld(t)
  const { responses } = connectOpenAI(OpenAI, world)
  const tools = [{ type: 'namespace', name: 'weather', description: 'About the sky.', tools: [{ ...WEATHER, name: 'now' }] }]
  const { output } = await responses.create({ model: MODEL, input: 'use the weather__now tool with {"city":"Oslo"}', tools })
  t.match(output.at(-1), { type: 'function_call', namespace: 'weather', name: 'now', arguments: '{"city":"Oslo"}' })
})

t.test('a freeform tool gets its text', async (t) => {
  const world = await startWorld(t)
  const { responses } = connectOpenAI(OpenAI, world)
  const tools = [{ type: 'custom', name: 'patch', description: 'Applies a patch.' }]
  const request = { model: MODEL, input: 'use the patch tool with {"input":"*** Begin\\n+é"}', tools }
  t.match((await responses.create(request)).output.at(-1), { type: 'custom_tool_call', name: 'patch', input: '*** Begin\n+é' })
  t.match((await responses.stream(request).finalResponse()).output.at(-1), { type: 'custom_tool_call', name: 'patch', input: '*** Begin\n+é' })
})

t.test('parse() reads what the schema asks for', async (t) => {
  const world = await startWorld(t)
  const schema = z.object({ city: z.string(), degrees: z.number().int() })
  const response = await connectOpenAI(OpenAI, world).responses.parse<{ city: string, degrees: number }>({
    model: MODEL, input: 'the weather', text: { format: zodTextFormat(schema, 'weather') }
  })
  t.equal(typeof response.output_parsed?.city, 'string')
  t.ok(Number.isInteger(response.output_parsed?.degrees))
})

t.test('an answer that is cut off is incomplete', async (t) => {
  const world = await startWorld(t)
  const { responses } = connectOpenAI(OpenAI, world)
  const request = { model: MODEL, input: 'count to 100', max_output_tokens: 20, reasoning: { effort: 'low' } }
  const { status, incomplete_details: details } = await responses.create(request)
  t.same({ status, details }, { status: 'incomplete', details: { reason: 'max_output_tokens' } })
  const events: string[] = []
  for await (const { type } of responses.stream(request)) events.push(type)
  t.equal(events.at(-1), 'response.incomplete')
})

t.test('a stream that dies ends in response.failed', async (t) => {
  const world = await startWorld(t)
  for (const wish of ['error-mid', 'reset-mid', 'truncate']) {
    const events: ResponseEvent[] = []
    for await (const event of connectOpenAI(OpenAI, world).responses.stream({ model: MODEL, input: 'count to 20' }, fault(wish))) events.push(event)
    t.match(events.at(-1), { type: 'response.failed', response: { status: 'failed', error: { code: String, message: String } } }, wish)
    t.equal(events.at(-1)?.sequence_number, events.length - 1)
  }
})

t.test('what is stored nowhere is not found', async (t) => {
  const { responses } = connectOpenAI(OpenAI, await startWorld(t))
  for (const asked of [responses.retrieve('resp_1'), responses.delete('resp_1')]) {
    t.match(await errorOf(asked), { status: 404, code: 'response_not_found', param: 'id' })
  }
})

for (const [name, value] of Object.entries({ previous_response_id: 'resp_1', conversation: 'conv_1', background: true })) {
  t.test(`${name} is refused, and why`, async (t) => {
    const world = await startWorld(t)
    const error = await errorOf(connectOpenAI(OpenAI, world).responses.create({ model: MODEL, input: 'say hi', [name]: value }))
    t.match(error, { status: 400, param: name, code: 'unsupported_parameter', message: /stored here|connection/ })
    t.type(error, classOf(OpenAI, 'BadRequestError'))
    t.equal(world.asked().length, 0)
  })
}
