import t, { type Test } from 'tap'
import { cookieOf, webSettled } from '../helpers/web.ts'
import { completionsOf, count } from '../helpers/web-talk.ts'
import { fault, newClaude } from './helpers/claude.ts'
import { classOf, connectOpenAI, errorOf, loadOpenAI } from './helpers/openai.ts'
import { classOf as classIn, connect, errorOf as failureOf, loadSdk, typeOf, type SdkName } from './helpers/sdk.ts'
import { inMode, startBothWorld, startWebWorld } from './helpers/web-world.ts'
import { startWorld } from './helpers/world.ts'

const OpenAI = await loadOpenAI()
const SDKS = ['anthropic-sdk-0', 'anthropic-sdk-1'] satisfies SdkName[]

/** A model of every plan that takes sampling parameters. */
const MODEL = 'claude-haiku-4-5-20251001'
const ASK = { model: MODEL, messages: [{ role: 'user', content: 'say hi' }] }
const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
const FUNCTION = { name: 'get_weather', description: 'The weather of a city.', parameters: SCHEMA }
const CALLED = [
  { role: 'user', content: 'the weather' },
  { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }] },
  { role: 'tool', tool_call_id: 'call_1', content: 'cold' }
]

/** What a completion cannot have in web mode, by the field that the error names. */
const CHATS: Record<string, object> = {
  tools: { tools: [{ type: 'function', function: FUNCTION }] },
  functions: { functions: [FUNCTION] },
  response_format: { response_format: { type: 'json_schema', json_schema: { name: 'weather', schema: SCHEMA } } },
  'messages.1.content.0': { messages: CALLED },
  'messages.0.content.0.source': { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.com/made-up.png' } }] }] }
}

const RESPONSES: Record<string, object> = {
  tools: { tools: [{ type: 'function', ...FUNCTION }] },
  'text.format': { text: { format: { type: 'json_schema', name: 'weather', schema: SCHEMA } } }
}

async function refused (t: Test, asking: Promise<unknown>, param: string): Promise<void> {
  const error = await errorOf(asking)
  t.type(error, classOf(OpenAI, 'BadRequestError'))
  t.match(error, { status: 400, type: 'invalid_request_error', code: 'web_mode_unsupported', param })
  t.match(error.message, /in web mode; use API mode \(X-Proxy-Mode: api\)/)
  t.ok(error.message.includes(`${param}: `), error.message)
  t.match(error.requestID, /^req_/)
}

for (const stream of [false, true]) {
  for (const [param, more] of Object.entries(CHATS)) {
    t.test(`chat completions, ${stream ? 'with' : 'without'} streaming: ${param} is a 400 that names API mode, and nobody is asked`, async (t) => {
      const world = await startWebWorld(t)
      await refused(t, connectOpenAI(OpenAI, world).chat.completions.create({ ...ASK, stream, ...more }), param)
      await webSettled(world.app)
      t.equal(count(world, 'create') + count(world, 'completion'), 0)
    })
  }

  for (const [param, more] of Object.entries(RESPONSES)) {
    t.test(`responses, ${stream ? 'with' : 'without'} streaming: ${param} is a 400 that names API mode`, async (t) => {
      const world = await startWebWorld(t)
      await refused(t, connectOpenAI(OpenAI, world).responses.create({ model: MODEL, input: 'say hi', stream, ...more }), param)
    })
  }
}

t.test('the same requests are answered in API mode', async (t) => {
  const world = await startBothWorld(t)
  const { chat: { completions }, responses } = connectOpenAI(OpenAI, world)
  for (const more of Object.values(CHATS)) t.ok((await completions.create({ ...ASK, ...more }, inMode('api'))).choices.length === 1)
  for (const more of Object.values(RESPONSES)) t.equal((await responses.create({ model: MODEL, input: 'say hi', ...more }, inMode('api'))).status, 'completed')
})

t.test('parse() and runTools() fail with what has to be done', async (t) => {
  const { chat: { completions } } = connectOpenAI(OpenAI, await startWebWorld(t))
  await refused(t, completions.parse({ ...ASK, ...CHATS['response_format'] }), 'response_format')
  const tools = [{ type: 'function', function: { ...FUNCTION, function: () => 'cold', parse: JSON.parse } }]
  await refused(t, completions.runTools({ ...ASK, tools }).finalContent(), 'tools')
})

/** Asks by hand: the SDKs keep headers to themselves. @returns what `x-ccproxy-ignored` lists */
async function ignoredOf (t: Test, path: string, body: object): Promise<string[]> {
  const world = await startWebWorld(t)
  const answer = await fetch(`${world.url}${path}`, { method: 'POST', headers: world.headers, body: JSON.stringify(body) })
  const text = await answer.text()
  t.equal(answer.status, 200, text)
  return (answer.headers.get('x-ccproxy-ignored') ?? '').split(', ').filter((name) => name !== '').toSorted()
}

const HARMLESS: Array<[path: string, fields: object, ignored: string[]]> = [
  ['/v1/chat/completions', { temperature: 0.3, max_completion_tokens: 100, user: 'made-up' }, ['max_completion_tokens', 'temperature', 'user']],
  ['/v1/chat/completions', { temperature: 1, top_p: 0.5, max_tokens: 100, safety_identifier: 'made-up' }, ['max_tokens', 'safety_identifier', 'top_p']],
  ['/v1/chat/completions', { prompt_cache_key: 'made-up', seed: 7 }, ['prompt_cache_key', 'seed']],
  ['/v1/chat/completions', { stop: ['never'], reasoning_effort: 'low', n: 1, tools: [], tool_choice: 'auto', response_format: { type: 'text' } }, []],
  ['/v1/chat/completions', {}, []],
  ['/v1/responses', { temperature: 0.3, max_output_tokens: 100, user: 'made-up' }, ['max_output_tokens', 'temperature', 'user']],
  ['/v1/responses', { prompt_cache_key: 'made-up' }, ['prompt_cache_key']],
  ['/v1/responses', {}, []],
  ['/v1/messages', { max_tokens: 100, temperature: 0.3, metadata: { user_id: 'made-up' } }, ['max_tokens', 'metadata', 'temperature']]
]

for (const [path, fields, ignored] of HARMLESS) {
  for (const stream of [false, true]) {
    t.test(`${path} with ${Object.keys(fields).join(', ') || 'nothing more'}${stream ? ', streamed,' : ''} is answered, and says that ${ignored.join(', ') || 'nothing'} was ignored`, async (t) => {
      const question = path === '/v1/responses' ? { model: MODEL, input: 'say hi' } : ASK
      t.same(await ignoredOf(t, path, { ...question, ...fields, stream }), ignored)
    })
  }
}

t.test('a prompt_cache_key neither parts nor joins conversations', async (t) => {
  const world = await startWebWorld(t)
  const { chat: { completions } } = connectOpenAI(OpenAI, world)
  const messages: object[] = []
  for (const [words, key] of [['say alpha', 'one'], ['say beta', 'other'], ['recall turn 1', 'one']]) {
    messages.push({ role: 'user', content: words })
    const { choices: [choice] } = await completions.create({ model: MODEL, messages, prompt_cache_key: key })
    messages.push(choice!.message)
  }
  t.match(messages.at(-1), { content: /say alpha/ })
  await completions.create({ ...ASK, prompt_cache_key: 'one' })
  t.equal(new Set(completionsOf(world).map(({ conversation }) => conversation)).size, 2)
})

/** What the lines of models are called that only paid plans have. */
const PAID = /opus|fable/

for (const [plan, paid] of [['free', false], ['pro', true], ['max', true]] as const) {
  t.test(`the models are those of the plan ${plan}, for both protocols, and each that is listed answers`, async (t) => {
    const world = await startWebWorld(t, [cookieOf(`plan-${plan}`)])
    const lists: string[][] = []
    for (const name of SDKS) {
      const { models } = connect(await loadSdk(name), world.url, world.token)
      const ids: string[] = []
      for await (const { id, display_name: shown } of models.list({ limit: 3 })) {
        ids.push(id)
        t.match(shown, /^Claude /)
      }
      t.match(await models.retrieve(ids[0]!), { id: ids[0] })
      lists.push(ids)
    }
    const openai = connectOpenAI(OpenAI, world)
    const ids: string[] = []
    for await (const { id, object, created, owned_by: owner } of openai.models.list()) {
      ids.push(id)
      t.match({ object, created, owner }, { object: 'model', created: Number, owner: 'anthropic' })
    }
    t.same(lists, [ids, ids])
    t.equal(ids.some((id) => PAID.test(id)), paid)
    t.ok(ids.includes(MODEL))
    for (const model of ids) t.equal((await openai.chat.completions.create({ ...ASK, model })).choices[0]?.message.content, 'hi', model)
  })
}

t.test('a model that the plan lacks is not there for either SDK, listed or asked', async (t) => {
  const world = await startWebWorld(t, [cookieOf('plan-free')])
  const model = 'claude-opus-5-5'
  const openai = connectOpenAI(OpenAI, world)
  for (const asking of [openai.models.retrieve(model), openai.chat.completions.create({ ...ASK, model })]) {
    const error = await errorOf(asking)
    t.type(error, classOf(OpenAI, 'NotFoundError'))
    t.match(error, { status: 404, code: 'model_not_found', param: 'model', message: new RegExp(model) })
  }
  for (const name of SDKS) {
    const Anthropic = await loadSdk(name)
    const { models, messages } = connect(Anthropic, world.url, world.token)
    for (const asking of [models.retrieve(model), messages.create({ ...ASK, model, max_tokens: 64 })]) {
      const error = await failureOf(asking)
      t.type(error, classIn(Anthropic, 'NotFoundError'))
      t.equal(typeOf(error), 'not_found_error')
      t.match(error.message, model)
    }
  }
})

for (const name of SDKS) {
  t.test(`${name}: tokens are not counted, which is a NotFoundError in Anthropic's envelope`, async (t) => {
    const Anthropic = await loadSdk(name)
    const world = await startWebWorld(t)
    const error = await failureOf(connect(Anthropic, world.url, world.token).messages.countTokens(ASK))
    t.type(error, classIn(Anthropic, 'NotFoundError'))
    t.equal(typeOf(error), 'not_found_error')
    t.match(error.message, /web mode.*API mode/)
    t.match(error.requestID, /^req_/)
  })
}

t.test('Claude Code, which needs its tools, tells its user what to do, and claude.ai is not bothered', async (t) => {
  const world = await startWebWorld(t)
  const claude = await newClaude(t, world)
  const { exitCode, stdout } = await claude.run(['-p', 'say hi'])
  t.equal(exitCode, 1)
  t.equal(stdout, 'API Error: 400 tools: client tools are not available in web mode; use API mode (X-Proxy-Mode: api).\n')
  t.equal(count(world, 'create') + count(world, 'completion'), 0)
  const api = await startWorld(t)
  await (await newClaude(t, api)).run(['-p', 'say hi'], fault('400'))
  t.equal(refusalsOf(world.log), refusalsOf(api.log), 'it tries as often, with fewer features, as after any other 400')
})

function refusalsOf (log: string[]): number {
  return log.map((line) => JSON.parse(line) as { route?: string, status?: number }).filter(({ route, status }) => route === '/v1/messages' && status === 400).length
}

t.test('Claude Code does what it was told: with the header of API mode it works', async (t) => {
  const world = await startBothWorld(t)
  const claude = await newClaude(t, world)
  const { exitCode, stdout } = await claude.run(['-p', 'say hi'], { ANTHROPIC_CUSTOM_HEADERS: 'X-Proxy-Mode: api' })
  t.same({ exitCode, stdout }, { exitCode: 0, stdout: 'hi\n' })
  const web = await claude.run(['-p', 'say hi'], { ANTHROPIC_CUSTOM_HEADERS: 'X-Proxy-Mode: web' })
  t.match(web, { exitCode: 1, stdout: /web mode; use API mode/ })
})

t.test('Claude Code without tools chats in web mode, and estimates its context by itself', async (t) => {
  const world = await startWebWorld(t)
  const claude = await newClaude(t, world)
  const without = ['--tools', '']
  t.match(await claude.run(['-p', 'say the first thing', ...without]), { exitCode: 0, stdout: 'the first thing\n' })
  t.match(await claude.run(['-p', '--continue', 'say the second thing', ...without]), { exitCode: 0, stdout: 'the second thing\n' })
  t.match(await claude.run(['-p', '/context']), { exitCode: 0, stdout: /Context Usage[\s\S]*Free space/ })
})
