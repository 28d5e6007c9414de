import t from 'tap'
import type { Block } from '../../src/translate/messages.ts'
import { translateChat } from '../../src/translate/chat-request.ts'
import { tryEverything } from './helpers/mutations.ts'

const OPTIONS = { aliases: { 'gpt-5': 'claude-sonnet-5-5' }, autoCache: true, userSalt: 'made-up-salt' }
const PNG = 'data:image/png;base64,iVBORw0KGgo='
const HI = [{ role: 'user', content: 'hi' }]
const WEATHER = { type: 'function', function: { name: 'weather', description: 'Tells it', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }
const CALL = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }

function chat (fields: object) {
  return translateChat({ model: 'claude-sonnet-5', messages: HI, ...fields }, OPTIONS)
}

function blocks (messages: unknown[], fields: object = {}): Block[][] {
  return chat({ ...fields, messages }).request.messages.map(({ content }) => content)
}

t.test('an ordinary request', async (t) => {
  t.strictSame(chat({}), {
    request: {
      model: 'claude-sonnet-5', max_tokens: 128_000, stream: true, messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }], cache_control: { type: 'ephemeral' }
    },
    ignored: [],
    context: { model: 'claude-sonnet-5', stream: false, includeUsage: false, jsonTool: undefined, customTools: new Set(), legacyFunctions: false }
  })
})

t.test('an alias is resolved, and the context keeps the name of the client', async (t) => {
  const { request, context } = chat({ model: 'gpt-5' })
  t.equal(request.model, 'claude-sonnet-5-5')
  t.equal(context.model, 'gpt-5')
})

t.test('leading system and developer messages become system blocks', async (t) => {
  const { request } = chat({ messages: [{ role: 'system', content: 'a' }, { role: 'developer', content: [{ type: 'text', text: 'b' }] }, ...HI] })
  t.strictSame(request.system, [{ type: 'text', text: 'a' }, { type: 'text', text: 'b' }])
})

t.test('system text in mid-conversation keeps its place only where the model allows it', async (t) => {
  const messages = [...HI, { role: 'system', content: 'now in verse' }, { role: 'user', content: 'go' }]
  t.strictSame(chat({ messages }).request.system, [{ type: 'text', text: 'now in verse' }])
  t.strictSame(chat({ messages, model: 'claude-opus-5-5' }).request.messages.map(({ role }) => role), ['user', 'system', 'user'])
})

t.test('a request of system text only asks that text', async (t) => {
  const { request } = chat({ messages: [{ role: 'system', content: 'say hi' }] })
  t.strictSame(request.messages, [{ role: 'user', content: [{ type: 'text', text: 'say hi' }] }])
  t.equal(request.system, undefined)
})

t.test('images and files', async (t) => {
  const content = [
    { type: 'text', text: '' },
    { type: 'image_url', image_url: { url: PNG, detail: 'high' } },
    { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
    { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERg==', filename: 'a.pdf' } },
    { type: 'file', file: { file_data: 'data:text/csv;base64,YSxi' } }
  ]
  t.strictSame(blocks([{ role: 'user', content }]), [[
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
    { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' }, title: 'a.pdf' },
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a,b' } }
  ]])
})

t.test('tool results come first in one user message, and missing ones are made up', async (t) => {
  const [, assistant, user] = blocks([
    ...HI,
    { role: 'assistant', content: null, tool_calls: [CALL, { ...CALL, id: 'call:2' }] },
    { role: 'user', content: 'and?' },
    { role: 'tool', tool_call_id: 'call:2', content: 'rain' }
  ])
  t.strictSame(assistant?.map((block) => block.type === 'tool_use' && block.id), ['call_1', 'ccx_Y2FsbDoy'])
  t.match(user, [
    { type: 'tool_result', tool_use_id: 'call_1', is_error: true },
    { type: 'tool_result', tool_use_id: 'ccx_Y2FsbDoy', content: 'rain' },
    { type: 'text', text: 'and?' }
  ])
})

t.test('ids that a client uses again in a later turn are told apart', async (t) => {
  const turn = [{ role: 'assistant', tool_calls: [CALL] }, { role: 'tool', tool_call_id: 'call_1', content: 'x' }]
  t.match(blocks([...HI, ...turn, ...turn]).slice(3), [[{ type: 'tool_use', id: 'call_1_2' }], [{ type: 'tool_result', tool_use_id: 'call_1_2' }]])
})

t.test('a refusal of white space says nothing, and the upstream would refuse it', async (t) => {
  t.strictSame(blocks([...HI, { role: 'assistant', content: null, refusal: ' ' }, { role: 'user', content: 'go on' }]), [[{ type: 'text', text: 'hi' }, { type: 'text', text: 'go on' }]])
})

t.test('arguments that are no JSON object are kept as text', async (t) => {
  const calls = ['{"a":', '[1]', ''].map((text, index) => ({ id: `c${index}`, type: 'function', function: { name: 'f', arguments: text } }))
  const assistant = blocks([...HI, { role: 'assistant', tool_calls: calls }])[1] ?? []
  t.strictSame(assistant.map((block) => block.type === 'tool_use' && block.input), [{ _raw: '{"a":' }, { _raw: '[1]' }, {}])
})

t.test('a conversation that ends with the model is continued', async (t) => {
  t.strictSame(blocks([...HI, { role: 'assistant', content: 'Well, ' }]).at(-1), [{ type: 'text', text: 'Continue.' }])
})

t.test('the old functions', async (t) => {
  const { request, context } = chat({
    functions: [WEATHER.function],
    function_call: { name: 'weather' },
    messages: [...HI, { role: 'assistant', content: null, function_call: CALL.function }, { role: 'function', name: 'weather', content: 'rain' }]
  })
  t.ok(context.legacyFunctions)
  t.strictSame(request.tool_choice, { type: 'tool', name: 'weather', disable_parallel_tool_use: true }, 'the old protocol has room for one call')
  t.match(request.messages.slice(1), [
    { role: 'assistant', content: [{ type: 'tool_use', id: 'function_call_1', input: { city: 'Oslo' } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'function_call_1', content: 'rain' }] }
  ])
})

t.test('a freeform tool has one text, and the context knows it', async (t) => {
  const { request, context } = chat({ tools: [{ type: 'custom', custom: { name: 'patch', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: A' } } } }] })
  t.ok(context.customTools.has('patch'))
  t.match(request.tools, [{ name: 'patch', input_schema: { required: ['input'], properties: { input: { description: /lark grammar:\nstart: A/ } } } }])
})

t.test('a forced tool', async (t) => {
  const forced = { tools: [WEATHER, { type: 'function', function: { name: 'other' } }], tool_choice: { type: 'function', function: { name: 'weather' } } }
  t.strictSame(chat(forced).request.tool_choice, { type: 'tool', name: 'weather' })
  t.strictSame(chat({ ...forced, tool_choice: 'required', parallel_tool_calls: false }).request.tool_choice, { type: 'any', disable_parallel_tool_use: true })
  const { request } = chat({ ...forced, model: 'claude-opus-5-5' })
  t.equal(request.tool_choice, undefined)
  t.strictSame(request.tools?.map(({ name }) => name), ['weather'], 'a model that refuses to be forced has this tool only')
  t.match(request.system?.at(-1)?.text, /must call the tool weather/)
})

t.test('allowed tools are the only ones sent', async (t) => {
  const tools = [WEATHER, { type: 'function', function: { name: 'other' } }]
  const { request } = chat({ tools, tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'other' } }] } } })
  t.strictSame(request.tools?.map(({ name }) => name), ['other'])
})

t.test('a JSON schema for the answer, by what the model can', async (t) => {
  const format = { type: 'json_schema', json_schema: { name: 'x', strict: true, schema: { type: 'object', properties: { a: { type: 'number', minimum: 1 } } } } }
  const schema = { type: 'object', properties: { a: { type: 'number', description: '{minimum: 1}' } }, additionalProperties: false }
  t.match(chat({ response_format: format }).request.output_config, { format: { type: 'json_schema', schema } })
  const old = chat({ response_format: format, model: 'claude-opus-4-1' })
  t.equal(old.context.jsonTool, 'json')
  t.match(old.request, { tools: [{ name: 'json' }], tool_choice: { type: 'tool', name: 'json' } })
  const withTools = chat({ response_format: format, model: 'claude-opus-4-1', tools: [WEATHER] })
  t.match(withTools.request.system, [{ text: /JSON Schema/ }])
  t.match(chat({ response_format: { type: 'json_object' } }).request.system, [{ text: /one JSON object/ }])
})

t.test('a schema with objects of any keys is not closed, which would leave no key at all', async (t) => {
  const weather = { type: 'object', properties: { byCity: { type: 'object', additionalProperties: { type: 'number' } } } }
  const format = { type: 'json_schema', json_schema: { schema: weather } }
  const forced = chat({ response_format: format })
  t.equal(forced.request.output_config, undefined)
  t.equal(forced.context.jsonTool, 'json')
  t.strictSame(forced.request.tools?.map((tool) => tool.input_schema), [weather])
  const told = chat({ response_format: format, model: 'claude-sonnet-5-5' })
  t.equal(told.request.output_config, undefined)
  t.ok(told.request.system?.at(-1)?.text.endsWith(JSON.stringify(weather)))
  const [tool] = chat({ tools: [{ type: 'function', function: { name: 'f', strict: true, parameters: weather } }] }).request.tools ?? []
  t.strictSame(tool, { name: 'f', input_schema: weather })
})

t.test('an effort becomes what the model knows', async (t) => {
  const of = (model: string, effort: string, more = {}) => {
    const { thinking, output_config: output } = chat({ model, reasoning_effort: effort, ...more }).request
    return [thinking?.type, thinking?.type === 'enabled' ? thinking.budget_tokens : undefined, output?.effort]
  }
  t.strictSame(of('claude-sonnet-5', 'minimal'), ['adaptive', undefined, 'low'])
  t.strictSame(of('claude-opus-4-6', 'xhigh'), ['adaptive', undefined, 'high'])
  t.strictSame(of('claude-sonnet-5', 'none'), ['disabled', undefined, undefined])
  t.strictSame(of('claude-sonnet-5-5', 'none'), ['between_tools', undefined, undefined])
  t.strictSame(of('claude-opus-5', 'none'), ['disabled', undefined, 'high'])
  t.strictSame(of('claude-opus-5-5', 'none'), ['adaptive', undefined, 'low'])
  t.strictSame(of('claude-haiku-4-5', 'medium'), ['enabled', 4096, undefined])
  t.strictSame(of('claude-haiku-4-5', 'high', { max_tokens: 4000 }), ['enabled', 3200, undefined])
  t.strictSame(of('claude-haiku-4-5', 'high', { max_tokens: 1000 }), [undefined, undefined, undefined])
  t.strictSame(of('claude-haiku-4-5', 'none'), [undefined, undefined, undefined])
})

t.test('a model with a budget does not think where the upstream would refuse it', async (t) => {
  const fields = { model: 'claude-haiku-4-5', reasoning_effort: 'high', tools: [WEATHER] }
  const history = [...HI, { role: 'assistant', tool_calls: [CALL] }, { role: 'tool', tool_call_id: 'call_1', content: 'rain' }]
  t.equal(chat({ ...fields, messages: history }).request.thinking, undefined, 'after a tool call whose thinking is gone')
  t.equal(chat({ ...fields, tool_choice: 'required' }).request.thinking, undefined, 'with a forced tool')
  t.equal(chat(fields).request.thinking?.type, 'enabled')
})

t.test('models that always think are asked for the summary', async (t) => {
  t.strictSame(chat({ model: 'claude-opus-5-5' }).request.thinking, { type: 'adaptive', display: 'summarized' })
})

t.test('the thinking of an Anthropic client passes', async (t) => {
  const { request } = chat({ thinking: { type: 'adaptive', display: 'omitted' }, reasoning_effort: 'low' })
  t.strictSame(request.thinking, { type: 'adaptive', display: 'omitted' })
  t.equal(request.output_config?.effort, 'low')
})

t.test('sampling goes only to models that take it, and is told otherwise', async (t) => {
  t.strictSame(chat({ temperature: 0, top_p: 0.5 }).ignored, ['temperature', 'top_p'])
  const { request, ignored } = chat({ model: 'claude-sonnet-4-6', temperature: 1.7, top_p: 0.5 })
  t.equal(request.temperature, 1)
  t.equal(request.top_p, undefined)
  t.strictSame(ignored, ['top_p'])
})

t.test('the limit of tokens is cut to the model, and the newer name wins', async (t) => {
  t.equal(chat({ max_tokens: 5, max_completion_tokens: 7 }).request.max_tokens, 7)
  t.equal(chat({ max_tokens: 500_000 }).request.max_tokens, 128_000)
})

t.test('stop sequences of white space are dropped and told', async (t) => {
  const { request, ignored } = chat({ stop: ['END', '\n'] })
  t.strictSame(request.stop_sequences, ['END'])
  t.strictSame(ignored, ['stop'])
})

t.test('a user is sent as a hash that depends on the salt', async (t) => {
  const hash = chat({ user: 'someone' }).request.metadata?.user_id
  t.match(hash, /^[0-9a-f]{64}$/)
  const other = translateChat({ model: 'm', messages: HI, user: 'someone' }, { ...OPTIONS, userSalt: 'another' })
  t.not(other.request.metadata?.user_id, hash)
})

t.test('a client that marks what to cache is left to it', async (t) => {
  const content = [{ type: 'text', text: 'long', cache_control: { type: 'ephemeral', ttl: '1h' } }]
  const { request } = chat({ messages: [{ role: 'user', content }] })
  t.equal(request.cache_control, undefined)
  t.strictSame(request.messages[0]?.content, content)
})

t.test('usage at the end of the stream only where it was asked for', async (t) => {
  t.ok(chat({ stream: true, stream_options: { include_usage: true } }).context.includeUsage)
})

const VALID = {
  model: 'claude-haiku-4-5',
  messages: [
    { role: 'system', content: 's' },
    { role: 'user', content: [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }, { type: 'image_url', image_url: { url: PNG } }, { type: 'file', file: { file_data: 'data:text/plain,ok' } }] },
    { role: 'assistant', content: 'x', refusal: null, tool_calls: [CALL] },
    { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: 'y' }] },
    { role: 'assistant', function_call: CALL.function },
    { role: 'function', name: 'weather', content: 'z' }
  ],
  tools: [WEATHER, { type: 'custom', custom: { name: 'c', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'd' } } } }],
  tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'weather' } }] } },
  response_format: { type: 'json_schema', json_schema: { schema: { type: 'object', properties: { a: { anyOf: [{ type: 'string' }, { $ref: '#/$defs/b' }] } }, $defs: { b: { type: 'array', items: {} } } } } },
  thinking: { type: 'enabled', budget_tokens: 2000 },
  stop: ['x'],
  stream_options: { include_usage: true },
  user: 'u'
}

t.test('whatever comes is translated or refused, never a fault of ours', async () => {
  tryEverything(VALID, (body) => translateChat(body, OPTIONS))
})

t.test('the body that the mutations start from is valid', async (t) => {
  t.equal(translateChat(VALID, OPTIONS).request.messages.length, 5)
})
