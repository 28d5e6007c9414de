import t from 'tap'
import { errorOf, load, type Zod } from './helpers/openai.ts'
import { bodyOf, startWorld, type World } from './helpers/world.ts'

/** The Vercel AI SDK, as far as the tests use it; see `helpers/openai.ts` on why it is written out here. */
interface Ai {
  generateText (options: object): Promise<{ text: string, reasoningText?: string, finishReason: string, usage: Usage }>
  streamText (options: object): { textStream: AsyncIterable<string>, finishReason: Promise<string>, usage: Promise<Usage> }
  generateObject (options: object): Promise<{ object: { city: string, degrees: number } }>
  tool (options: object): object
  stepCountIs (count: number): object
}

interface Usage { inputTokens: number, outputTokens: number }

const { generateText, streamText, generateObject, tool, stepCountIs } = await load<Ai>('ai')
const { createOpenAI } = await load<{ createOpenAI: (options: object) => { (model: string): object, chat: (model: string) => object } }>('@ai-sdk/openai')
const { createOpenAICompatible } = await load<{ createOpenAICompatible: (options: object) => (model: string) => object }>('@ai-sdk/openai-compatible')
const { z } = await load<{ z: Zod }>('zod')

const MODEL = 'claude-sonnet-5-5'
/** Without it the SDK sends, of what came before, references to what OpenAI would have stored. */
const KEEP_NOTHING = { providerOptions: { openai: { store: false } } }

/** Every way in which the SDK reaches an OpenAI API. */
const WAYS: Record<string, (world: World) => object> = {
  'openai-compatible': ({ url, token }) => createOpenAICompatible({ name: 'ccproxy', baseURL: `${url}/v1`, apiKey: token, includeUsage: true, supportsStructuredOutputs: true })(MODEL),
  'openai, Chat': ({ url, token }) => createOpenAI({ baseURL: `${url}/v1`, apiKey: token }).chat(MODEL),
  'openai, Responses': ({ url, token }) => createOpenAI({ baseURL: `${url}/v1`, apiKey: token })(MODEL)
}

for (const [way, connect] of Object.entries(WAYS)) {
  t.test(`${way}: a whole text`, async (t) => {
    const { text, finishReason, usage } = await generateText({ model: connect(await startWorld(t)), prompt: 'say Grüße, 世界 👋', maxRetries: 0 })
    t.equal(text, 'Grüße, 世界 👋')
    t.equal(finishReason, 'stop')
    t.ok(usage.inputTokens > 0 && usage.outputTokens > 0)
  })

  t.test(`${way}: a stream of text`, async (t) => {
    const { textStream, finishReason, usage } = streamText({ model: connect(await startWorld(t)), prompt: 'count to 4', maxRetries: 0 })
    const pieces: string[] = []
    for await (const piece of textStream) pieces.push(piece)
    t.same(pieces, ['1', ' 2', ' 3', ' 4'])
    t.equal(await finishReason, 'stop')
    t.ok((await usage).outputTokens > 0)
  })

  for (const stream of [false, true]) {
    t.test(`${way}: a tool is run, and its result is used, ${stream ? 'with' : 'without'} streaming`, async (t) => {
      const world = await startWorld(t)
      const asked: unknown[] = []
      const weather = tool({
        description: 'The weather of a city.',
        inputSchema: z.object({ city: z.string() }),
        execute: async (input: unknown) => {
          asked.push(input)
          return '−4 °C, clear'
        }
      })
      const options = {
        model: connect(world), prompt: 'use the get_weather tool with {"city":"Tromsø 🌌"}', tools: { get_weather: weather }, stopWhen: stepCountIs(3), maxRetries: 0, ...KEEP_NOTHING
      }
      const text = stream ? await joined(streamText(options).textStream) : (await generateText(options)).text
      t.match(text, /The tool answered: −4 °C, clear$/)
      t.same(asked, [{ city: 'Tromsø 🌌' }])
      t.equal(world.asked().length, 2)
    })
  }

  t.test(`${way}: an object by its schema`, async (t) => {
    const world = await startWorld(t)
    const { object } = await generateObject({ model: connect(world), prompt: 'the weather', schema: z.object({ city: z.string(), degrees: z.number().int() }), maxRetries: 0 })
    t.equal(typeof object.city, 'string')
    t.ok(Number.isInteger(object.degrees))
    t.match(bodyOf(world.asked()[0]!), { output_config: { format: { type: 'json_schema' } } })
  })

  t.test(`${way}: an error has its status`, async (t) => {
    const world = await startWorld(t)
    const error = await errorOf(generateText({ model: connect(world), prompt: 'say hi', maxRetries: 0, headers: { 'anthropic-simulator-fault': '404' } }))
    t.match(error, { statusCode: 404, message: /model/ })
  })
}

t.test('a reference to what is stored nowhere is refused, with the way out', async (t) => {
  const weather = tool({ inputSchema: z.object({ city: z.string() }), execute: async () => 'rain' })
  const error = await errorOf(generateText({
    model: WAYS['openai, Responses']!(await startWorld(t)), prompt: 'use the weather tool with {"city":"Oslo"}', tools: { weather }, stopWhen: stepCountIs(3), maxRetries: 0
  }))
  t.match(error, { statusCode: 400, message: /item_reference.*store: false/ })
})

t.test('thinking is read as reasoning', async (t) => {
  for (const way of ['openai-compatible', 'openai, Responses']) {
    const { reasoningText } = await generateText({ model: WAYS[way]!(await startWorld(t)), prompt: 'say hi', maxRetries: 0 })
    t.match(reasoningText, /^The user wrote/, way)
  }
})

async function joined (pieces: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text
}
