import t from 'tap'
import { errorOf, load, type Zod } from './helpers/openai.ts'
import { bodyOf, startWorld, type World } from './helpers/world.ts'

/** LangChain, as far as the tests use it; see `helpers/openai.ts` on why it is written out here. */
interface Message {
  content: unknown
  text: string
  tool_calls?: Array<{ name: string, args: object, id: string }>
  usage_metadata?: { input_tokens: number, output_tokens: number }
}
interface Chat {
  invoke (input: unknown, options?: object): Promise<Message>
  stream (input: unknown): Promise<AsyncIterable<Message>>
  bindTools (tools: object[], options?: object): Chat
  withStructuredOutput (schema: unknown, options?: object): { invoke (input: unknown): Promise<{ city: string, degrees: number }> }
}

const { ChatOpenAI } = await load<{ ChatOpenAI: new (options: object) => Chat }>('@langchain/openai')
const { tool } = await load<{ tool: (run: (input: object) => Promise<string>, options: object) => { invoke (call: object): Promise<object> } }>('@langchain/core/tools')
const { HumanMessage } = await load<{ HumanMessage: new (text: string) => object }>('@langchain/core/messages')
const { z } = await load<{ z: Zod }>('zod')

const CALL = 'use the get_weather tool with {"city":"Oslo"}'
const weather = tool(async () => 'rain', { name: 'get_weather', description: 'The weather of a city.', schema: z.object({ city: z.string() }) })

function connect ({ url, token }: World, more: object = {}): Chat {
  return new ChatOpenAI({ model: 'claude-sonnet-5-5', apiKey: token, configuration: { baseURL: `${url}/v1` }, maxRetries: 0, ...more })
}

for (const useResponsesApi of [false, true]) {
  const way = useResponsesApi ? 'Responses' : 'Chat'

  t.test(`${way}: a whole answer, although a temperature is sent that the model does not take`, async (t) => {
    const message = await connect(await startWorld(t), { useResponsesApi, temperature: 0 }).invoke('say Grüße 👋')
    t.equal(message.text, 'Grüße 👋')
    t.ok(message.usage_metadata!.output_tokens > 0)
  })

  t.test(`${way}: a stream`, async (t) => {
    let text = ''
    for await (const piece of await connect(await startWorld(t), { useResponsesApi }).stream('count to 4')) text += piece.text
    t.equal(text, '1 2 3 4')
  })

  t.test(`${way}: a tool call and its result`, async (t) => {
    const world = await startWorld(t)
    const chat = connect(world, { useResponsesApi }).bindTools([weather])
    const call = await chat.invoke(CALL)
    t.match(call.tool_calls, [{ name: 'get_weather', args: { city: 'Oslo' } }])
    const result = await weather.invoke({ ...call.tool_calls![0], type: 'tool_call' })
    t.equal((await chat.invoke([new HumanMessage(CALL), call, result])).text, 'The tool answered: rain')
  })

  for (const method of ['jsonSchema', 'functionCalling']) {
    t.test(`${way}: structured output by ${method}`, async (t) => {
      const schema = z.object({ city: z.string(), degrees: z.number().int() })
      const model = method === 'functionCalling' ? 'claude-sonnet-4-5' : 'claude-sonnet-5-5'
      const chat = connect(await startWorld(t), { useResponsesApi, model }).withStructuredOutput(schema, { method, name: 'weather' })
      const { city, degrees } = await chat.invoke('the weather')
      t.equal(typeof city, 'string')
      t.ok(Number.isInteger(degrees))
    })
  }
}

// By way of Responses LangChain 1.6 sends no such choice.
t.test('tool_choice "any" reaches a model that refuses to be forced as words', async (t) => {
  const world = await startWorld(t)
  const call = await connect(world).bindTools([weather], { tool_choice: 'any' }).invoke(CALL)
  t.match(call.tool_calls, [{ name: 'get_weather' }])
  const body = bodyOf<{ tool_choice?: object, system: Array<{ text: string }> }>(world.asked()[0]!)
  t.equal(body.tool_choice, undefined)
  t.match(body.system.at(-1)?.text, /must call the tool get_weather/)
})

t.test('tool_choice "any" forces a model that lets itself be forced', async (t) => {
  const world = await startWorld(t)
  const call = await connect(world, { model: 'claude-sonnet-4-5' }).bindTools([weather], { tool_choice: 'any' }).invoke('the weather')
  t.match(call.tool_calls, [{ name: 'get_weather' }])
  t.match(bodyOf(world.asked()[0]!), { tool_choice: { type: 'any' } })
})

t.test('an error has its status', async (t) => {
  const world = await startWorld(t)
  t.match(await errorOf(connect(world, { model: 'claude-none' }).invoke('say hi')), { status: 404 })
})
