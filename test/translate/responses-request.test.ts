import t from 'tap'
import { keepThinking } from '../../src/translate/kept-thinking.ts'
import type { MessagesRequest } from '../../src/translate/messages.ts'
import { translateResponses } from '../../src/translate/responses-request.ts'
import { tryEverything } from './helpers/mutations.ts'

const OPTIONS = { aliases: { 'gpt-5': 'claude-sonnet-5-5' }, autoCache: true, userSalt: 'made-up-salt' }
const WEATHER = { type: 'function', name: 'weather', description: 'Tells it', strict: false, parameters: { type: 'object', properties: { city: { type: 'string' } } } }
const HI = { role: 'user', content: 'hi' }
const CALL = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}', status: 'completed' }
const RESULT = { type: 'function_call_output', call_id: 'call_1', output: 'rain' }

function responses (fields: object) {
  return translateResponses({ model: 'claude-sonnet-5', input: 'hi', ...fields }, OPTIONS)
}

function messages (...input: unknown[]): MessagesRequest['messages'] {
  return responses({ input }).request.messages
}

t.test('an ordinary request', async (t) => {
  const { request, ignored, context } = responses({ instructions: 'Be brief.', stream: true, store: false })
  t.strictSame(request, {
    model: 'claude-sonnet-5',
    max_tokens: 128_000,
    stream: true,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
    system: [{ type: 'text', text: 'Be brief.' }],
    cache_control: { type: 'ephemeral' }
  })
  t.strictSame(ignored, [])
  t.match(context, { stream: true, upstreamModel: 'claude-sonnet-5', encrypted: false })
  t.match(JSON.parse(`{${context.echo}}`), { model: 'claude-sonnet-5', instructions: 'Be brief.', store: false, previous_response_id: null, tools: [] })
})

t.test('an alias is resolved, and the answer keeps the name of the client', async (t) => {
  const { request, context } = responses({ model: 'gpt-5' })
  t.equal(request.model, 'claude-sonnet-5-5')
  t.match(JSON.parse(`{${context.echo}}`), { model: 'gpt-5' })
})

t.test('leading system and developer text joins the instructions; later it keeps its place where the model allows', async (t) => {
  const input = [{ type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'a' }] }, HI, { role: 'system', content: 'b' }, { role: 'user', content: 'c' }]
  const system = ({ system = [] }: MessagesRequest) => system.map(({ text }) => text)
  t.strictSame(system(responses({ instructions: 'i', input }).request), ['i', 'a', 'b'])
  const placed = responses({ instructions: 'i', input, model: 'claude-opus-5-5' }).request
  t.strictSame(system(placed), ['i', 'a'])
  t.strictSame(placed.messages.map(({ role }) => role), ['user', 'system', 'user'])
})

t.test('parts of every kind', async (t) => {
  const content = [
    { type: 'input_text', text: 'look' },
    { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'auto' },
    { type: 'input_image', image_url: 'https://example.com/a.png' },
    { type: 'input_file', file_data: 'data:application/pdf;base64,JVBERg==', filename: 'a.pdf' },
    { type: 'input_file', file_url: 'https://example.com/a.pdf' }
  ]
  t.strictSame(messages({ role: 'user', content }), [{
    role: 'user',
    content: [
      { type: 'text', text: 'look' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' }, title: 'a.pdf' },
      { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } }
    ]
  }])
})

t.test('calls and results make turns', async (t) => {
  const said = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Let me look.', annotations: [] }, { type: 'refusal', refusal: 'Or not.' }] }
  const custom = { type: 'custom_tool_call', call_id: 'call_2', name: 'patch', input: '*** Begin' }
  const image = { type: 'custom_tool_call_output', call_id: 'call_2', output: [{ type: 'input_image', image_url: 'https://example.com/a.png' }] }
  t.strictSame(messages(HI, said, CALL, custom, RESULT, image, { role: 'user', content: 'and?' }).slice(1), [
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'Let me look.' }, { type: 'text', text: 'Or not.' },
        { type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Oslo' } }, { type: 'tool_use', id: 'call_2', name: 'patch', input: { input: '*** Begin' } }
      ]
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'call_1', content: 'rain' },
        { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }] },
        { type: 'text', text: 'and?' }
      ]
    }
  ])
})

t.test('a result that is lost is made up as an error', async (t) => {
  t.match(messages(HI, CALL).at(-1), { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', is_error: true }] })
})

t.test('kept thinking goes back before what it led to, to the model that thought it', async (t) => {
  const thought = { type: 'thinking', thinking: 'hm', signature: 'c2ln' } as const
  const item = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: keepThinking(thought, 'claude-sonnet-5') }
  t.match(messages(HI, item, CALL, RESULT)[1]?.content, [thought, { type: 'tool_use' }])
  const other = { ...item, encrypted_content: keepThinking(thought, 'claude-opus-5') }
  t.match(messages(HI, other, CALL, RESULT)[1]?.content.length, 1, 'another model\'s is left out')
  t.match(messages(HI, { type: 'reasoning', id: 'rs_1', summary: [] }, CALL, RESULT)[1]?.content.length, 1, 'and what holds none')
})

t.test('a turn does not end with a thought', async (t) => {
  const item = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: keepThinking({ type: 'redacted_thinking', data: 'eA==' }, 'claude-sonnet-5') }
  t.strictSame(messages(HI, item, { role: 'user', content: 'go on' }).map(({ role }) => role), ['user'])
  t.strictSame(messages(HI, { role: 'assistant', content: 'a' }, item, { role: 'user', content: 'b' })[1]?.content, [{ type: 'text', text: 'a' }])
})

t.test('a model with a budget may think on where its thinking comes with the call', async (t) => {
  const model = 'claude-haiku-4-5'
  const item = { type: 'reasoning', encrypted_content: keepThinking({ type: 'thinking', thinking: 'hm', signature: 'c2ln' }, model) }
  const thinking = (...input: unknown[]) => responses({ model, input, reasoning: { effort: 'high' } }).request.thinking
  t.strictSame(thinking(HI, item, CALL, RESULT), { type: 'enabled', budget_tokens: 12_000 })
  t.equal(thinking(HI, CALL, RESULT), undefined)
})

t.test('tools of a namespace go flat, and their description is told', async (t) => {
  const tools = [{ type: 'namespace', name: 'sky', description: 'About the sky.', tools: [WEATHER, { type: 'custom', name: 'note' }] }, { type: 'web_search', external_web_access: false }]
  const { request, context, ignored } = responses({ tools, input: [HI, { ...CALL, namespace: 'sky' }, RESULT] })
  t.match(request.tools, [{ name: 'sky__weather', description: 'Tells it' }, { name: 'sky__note' }])
  t.match(request.system?.at(-1)?.text, /sky__.*About the sky\./)
  t.match(request.messages[1]?.content, [{ name: 'sky__weather' }])
  t.strictSame(context.namespaced.get('sky__weather'), { namespace: 'sky', name: 'weather' })
  t.strictSame([...context.customTools], ['sky__note'])
  t.strictSame(ignored, ['tools.web_search'])
})

t.test('a freeform tool with a grammar', async (t) => {
  const { request } = responses({ tools: [{ type: 'custom', name: 'patch', format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' } }] })
  t.match(request.tools, [{ name: 'patch', input_schema: { properties: { input: { type: 'string', description: /lark grammar:\nstart: "x"/ } } } }])
})

t.test('a choice of tools in every form', async (t) => {
  const chosen = (choice: unknown, more: object = {}) => responses({ tools: [WEATHER, { ...WEATHER, name: 'time' }], tool_choice: choice, ...more }).request
  t.equal(chosen('auto').tool_choice, undefined)
  t.strictSame(chosen('none').tool_choice, { type: 'none' })
  t.strictSame(chosen('required').tool_choice, { type: 'any' })
  t.strictSame(chosen({ type: 'function', name: 'time' }).tool_choice, { type: 'tool', name: 'time' })
  t.strictSame(chosen({ type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'time' }, { type: 'web_search' }] }).tools?.map(({ name }) => name), ['time'])
  t.strictSame(chosen('auto', { parallel_tool_calls: false }).tool_choice, { type: 'auto', disable_parallel_tool_use: true })
  const refused = chosen('required', { model: 'claude-sonnet-5-5' })
  t.equal(refused.tool_choice, undefined)
  t.match(refused.system?.at(-1)?.text, /must call at least one/)
  t.equal(responses({ tools: [{ type: 'web_search' }], tool_choice: 'required' }).request.tools, undefined, 'nothing is left to be required')
})

t.test('the form of the answer', async (t) => {
  const schema = { type: 'object', properties: { a: { type: 'string' } } }
  t.match(responses({ text: { format: { type: 'json_schema', name: 'x', schema, strict: true } } }).request.output_config, {
    format: { type: 'json_schema', schema: { ...schema, additionalProperties: false } }
  })
  t.match(responses({ text: { format: { type: 'json_object' } } }).request.system, [{ text: /one JSON object/ }])
  t.equal(responses({ text: { format: { type: 'text' } } }).request.output_config, undefined)
})

t.test('efforts, limits, users and sampling, as in Chat', async (t) => {
  const { request, ignored } = responses({
    reasoning: { effort: 'minimal', summary: 'auto' }, max_output_tokens: 999_999, safety_identifier: 's', temperature: 0, text: { verbosity: 'low' }, metadata: { a: 'b' }
  })
  t.match(request, { output_config: { effort: 'low' }, max_tokens: 128_000, metadata: { user_id: /^[\da-f]{64}$/ } })
  t.equal(request.temperature, undefined)
  t.strictSame(ignored, ['temperature', 'text.verbosity'])
})

t.test('what is asked to be included', async (t) => {
  t.ok(responses({ include: ['reasoning.encrypted_content'] }).context.encrypted)
  t.strictSame(responses({ include: ['message.output_text.logprobs'] }).ignored, ['include'])
  t.strictSame(responses({ include: [] }).ignored, [])
})

t.test('automatic caching can be switched off', async (t) => {
  t.equal(translateResponses({ model: 'm', input: 'hi' }, { ...OPTIONS, autoCache: false }).request.cache_control, undefined)
})

t.test('whatever comes is translated or refused, never a fault of ours', async (t) => {
  const valid = {
    model: 'claude-haiku-4-5',
    instructions: 'i',
    input: [
      { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'd' }] },
      { role: 'user', content: [{ type: 'input_text', text: 'hi' }, { type: 'input_image', image_url: 'https://example.com/a.png' }, { type: 'input_file', file_data: 'data:text/plain,ok', filename: 'f' }] },
      { type: 'reasoning', summary: [], encrypted_content: keepThinking({ type: 'thinking', thinking: 'hm', signature: 'c2ln' }, 'claude-haiku-4-5') },
      { ...CALL, namespace: 'sky' },
      { type: 'custom_tool_call', call_id: 'c', name: 'patch', input: 'x' },
      RESULT,
      { type: 'custom_tool_call_output', call_id: 'c', output: [{ type: 'input_text', text: 'y' }] }
    ],
    tools: [{ type: 'namespace', name: 'sky', description: 'd', tools: [WEATHER] }, { type: 'custom', name: 'patch', format: { type: 'grammar', syntax: 'lark', definition: 'd' } }, { type: 'web_search' }],
    tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'weather', namespace: 'sky' }, { type: 'custom', name: 'patch' }] },
    text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object', properties: { a: { type: 'string' } } } }, verbosity: 'low' },
    reasoning: { effort: 'high', summary: 'auto' },
    include: ['reasoning.encrypted_content'],
    metadata: { a: 'b' }
  }
  t.equal(translateResponses(valid, OPTIONS).request.messages.length, 3)
  tryEverything(valid, (body) => translateResponses(body, OPTIONS))
})
