import t from 'tap'
import { connectOpenAI, loadOpenAI } from './helpers/openai.ts'
import { connect, loadSdk, type Body, type SdkName } from './helpers/sdk.ts'
import { differences, shapeOf } from './helpers/shape.ts'
import { MODEL } from './helpers/speakers.ts'
import { inMode, PIXEL, startBothWorld } from './helpers/web-world.ts'

const OpenAI = await loadOpenAI()
const MODES = ['api', 'web'] as const

/** Types of everything in two answers to one request, one of each mode, and the events that an answer came in. */
interface Pair { api: unknown, web: unknown }

async function pairOf (ask: (mode: typeof MODES[number]) => Promise<unknown>): Promise<Pair> {
  const [api, web] = await Promise.all(MODES.map(ask))
  return { api, web }
}

function compared ({ api, web }: Pair): ReturnType<typeof differences> {
  return differences(shapeOf(api), shapeOf(web))
}

const SAME = { lacks: [], adds: [] }
/** claude.ai is no tier of the API; the SDK's type allows null. */
const noTier = (path: string, lacks: string[] = []) => ({ lacks: [...lacks, `${path}.service_tier: string`], adds: [`${path}.service_tier: null`] })
/** Nor does it sign what it thinks. The block has its signature, an empty one; what is missing is the event that would bring it. */
const SIGNATURES = ['[content_block_delta].delta.signature: string']

async function collected<T> (events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  // An accumulator may go on writing into what it has handed out.
  for await (const event of events) all.push(structuredClone(event))
  return all
}

const IMAGE = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } }
const THINKING = { thinking: { type: 'enabled', budget_tokens: 1_024 } }
const asked = (content: unknown, more: object = {}): Body => ({ model: MODEL, max_tokens: 4_096, messages: [{ role: 'user', content }], ...more })

const MESSAGES: Record<string, Body> = {
  text: asked('say Grüße, 世界 👋'),
  thinking: asked('say hi', THINKING),
  'an image and a system prompt': asked([IMAGE, { type: 'text', text: 'say hi' }], { system: 'You are terse.' }),
  'a stop sequence': asked('count to 30', { stop_sequences: [' 7'] })
}

for (const name of ['anthropic-sdk-0', 'anthropic-sdk-1'] satisfies SdkName[]) {
  const Anthropic = await loadSdk(name)
  for (const [kind, body] of Object.entries(MESSAGES)) {
    t.test(`${name}: an answer with ${kind} has in web mode the shape that it has in API mode`, async (t) => {
      const world = await startBothWorld(t)
      const { messages } = connect(Anthropic, world.url, world.token)
      t.same(compared(await pairOf((mode) => messages.create(body, inMode(mode)))), noTier('.usage'))
      t.same(compared(await pairOf((mode) => messages.stream(body, inMode(mode)).finalMessage())), noTier('.usage'))
      const events = await pairOf(async (mode) => collected(await messages.create({ ...body, stream: true }, inMode(mode))))
      t.same(compared(events), noTier('[message_start].message.usage', kind === 'thinking' ? SIGNATURES : []))
      t.same(typesOf(events.web), typesOf(events.api), 'the events come in the same order')
    })
  }

  t.test(`${name}: what is said, why it ends and who says it are the same`, async (t) => {
    const world = await startBothWorld(t)
    const { messages } = connect(Anthropic, world.url, world.token)
    for (const kind of ['text', 'an image and a system prompt', 'a stop sequence']) {
      const { api, web } = await pairOf(async (mode) => {
        const { content, model, stop_reason: reason, ...rest } = await messages.stream(MESSAGES[kind]!, inMode(mode)).finalMessage()
        return { content, model, reason, sequence: (rest as { stop_sequence?: unknown }).stop_sequence }
      })
      t.same(web, api, kind)
    }
  })
}

/** Kinds of events in their order; how often a text was cut is nobody's business. */
function typesOf (events: unknown): string[] {
  const types = (events as Array<{ type: string }>).map(({ type }) => type)
  return types.filter((type, place) => type !== types[place - 1])
}

const REASONING = { reasoning_effort: 'low' }
const CHATS: Record<string, object> = {
  text: {},
  thinking: REASONING,
  'its usage': { stream_options: { include_usage: true } },
  'a stop sequence': { stop: [' 7'], messages: [{ role: 'user', content: 'count to 30' }] }
}

for (const [kind, more] of Object.entries(CHATS)) {
  t.test(`openai: a completion with ${kind} has in web mode the shape that it has in API mode`, async (t) => {
    const world = await startBothWorld(t)
    const { chat: { completions } } = connectOpenAI(OpenAI, world)
    const body = { model: MODEL, messages: [{ role: 'user', content: 'say Grüße, 世界 👋' }], ...more }
    const { stream_options: _, ...whole } = body as { stream_options?: object }
    t.same(compared(await pairOf((mode) => completions.create(whole, inMode(mode)))), SAME)
    t.same(compared(await pairOf((mode) => completions.stream(body, inMode(mode)).finalChatCompletion())), SAME)
    const chunks = await pairOf((mode) => collected(completions.stream(body, inMode(mode))))
    t.same(compared(chunks), SAME)
  })
}

const RESPONSES: Record<string, object> = {
  text: {},
  thinking: { reasoning: { effort: 'low', summary: 'auto' } },
  'instructions and an image': {
    instructions: 'You are terse.',
    input: [{ role: 'user', content: [{ type: 'input_image', image_url: `data:image/png;base64,${PIXEL}` }, { type: 'input_text', text: 'say hi' }] }]
  }
}

for (const [kind, more] of Object.entries(RESPONSES)) {
  t.test(`openai: a response with ${kind} has in web mode the shape that it has in API mode`, async (t) => {
    const world = await startBothWorld(t)
    const { responses } = connectOpenAI(OpenAI, world)
    const body = { model: MODEL, input: 'say Grüße, 世界 👋', ...more }
    t.same(compared(await pairOf((mode) => responses.create(body, inMode(mode)))), SAME)
    t.same(compared(await pairOf((mode) => responses.stream(body, inMode(mode)).finalResponse())), SAME)
    const events = await pairOf((mode) => collected(responses.stream(body, inMode(mode))))
    t.same(compared(events), SAME)
    t.same(typesOf(events.web), typesOf(events.api), 'the events come in the same order')
    const numbers = (events.web as Array<{ sequence_number: number }>).map((event) => event.sequence_number)
    t.same(numbers, numbers.map((_, place) => place))
  })
}

t.test('only in web mode the usage is told to be an estimate, on every route', async (t) => {
  const world = await startBothWorld(t)
  const message = { model: MODEL, max_tokens: 64, messages: [{ role: 'user', content: 'say hi' }] }
  for (const [path, body] of [['/v1/messages', message], ['/v1/chat/completions', message], ['/v1/responses', { model: MODEL, input: 'say hi' }]] as const) {
    for (const stream of [false, true]) {
      for (const mode of MODES) {
        const headers = { ...world.headers, ...inMode(mode).headers }
        const answer = await fetch(`${world.url}${path}`, { method: 'POST', headers, body: JSON.stringify({ ...body, stream }) })
        await answer.text()
        t.equal(answer.headers.get('x-ccproxy-usage'), mode === 'web' ? 'estimated' : null, `${path} ${mode}`)
        t.equal(answer.headers.get('content-type')?.split(';')[0], stream ? 'text/event-stream' : 'application/json')
        t.match(answer.headers.get(path === '/v1/messages' ? 'request-id' : 'x-request-id'), /^req_/)
      }
    }
  }
})
