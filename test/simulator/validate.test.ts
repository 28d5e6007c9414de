import t from 'tap'
import { ask, bodyOf, HEADERS, simulator } from './helpers.ts'

const NEW = { 'anthropic-version': '2026-10-21' }
const tools = [{ name: 'Bash', input_schema: { type: 'object' } }]
const call = { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} }] }
const said = (content: unknown) => ({ role: 'user', content })

/** What is refused: a name, the body, the message of the 400 and the version header where it matters. */
const REFUSED: Array<[string, object, string | RegExp, Record<string, string>?]> = [
  ['a missing model', { max_tokens: 1, messages: [said('hi')] }, 'model: Field required'],
  ['missing messages', { model: 'claude-opus-5', max_tokens: 1 }, 'messages: Field required'],
  ['a missing max_tokens', { model: 'claude-opus-5', messages: [said('hi')] }, 'max_tokens: Field required'],
  ['a model that is no string', bodyOf('hi', { model: 5 }), 'model: Input should be a valid string'],
  ['max_tokens as a string', bodyOf('hi', { max_tokens: '5' }), 'max_tokens: Input should be a valid integer'],
  ['negative max_tokens', bodyOf('hi', { max_tokens: -1 }), 'max_tokens: Input should be greater than or equal to 0'],
  ['no message at all', bodyOf('hi', { messages: [] }), 'messages: at least one message is required'],
  ['a message without content', bodyOf('hi', { messages: [{ role: 'user' }] }), 'messages.0.content: Field required'],
  ['an unknown role', bodyOf('hi', { messages: [{ role: 'tool', content: 'hi' }] }), 'messages.0.role: Input should be \'user\' or \'assistant\' or \'system\''],
  ['a body that is no object', [], 'body: Input should be an object'],
  ['an empty text block', bodyOf('hi', { messages: [said([{ type: 'text', text: '' }])] }), 'messages: text content blocks must be non-empty'],
  ['a temperature in the new version', bodyOf('hi', { temperature: 1 }), 'temperature: Extra inputs are not permitted', NEW],
  ['top_p in the new version', bodyOf('hi', { top_p: 1 }), 'top_p: Extra inputs are not permitted', NEW],
  ['top_k in the new version', bodyOf('hi', { top_k: 1 }), 'top_k: Extra inputs are not permitted', NEW],
  ['a temperature for a model that takes none', bodyOf('hi', { model: 'claude-opus-5-5', temperature: 0 }), '`temperature` is deprecated for this model.'],
  ['more tokens than the model gives', bodyOf('hi', { max_tokens: 200_000 }), /^max_tokens: 200000 > 128000, which is the maximum allowed/],
  ['a forced tool on a model of the 5.5 generation', bodyOf('hi', { model: 'claude-opus-5-5', tools, tool_choice: { type: 'any' } }),
    'tool_choice: type "tool" and "any" are not supported for this model.'],
  ['a forced tool that is not offered', bodyOf('hi', { tools, tool_choice: { type: 'tool', name: 'Read' } }), 'Tool \'Read\' not found in provided tools'],
  ['a thinking budget on a model that decides itself', bodyOf('hi', { model: 'claude-opus-5', thinking: { type: 'enabled', budget_tokens: 1024 } }),
    /^"thinking.type.enabled" is not supported for this model/],
  ['adaptive thinking on a model that needs a budget', bodyOf('hi', { model: 'claude-haiku-4-5', thinking: { type: 'adaptive' } }),
    'adaptive thinking is not supported on this model'],
  ['the start of an answer on a model that takes none', bodyOf('hi', { messages: [said('hi'), { role: 'assistant', content: 'Well' }] }),
    /does not support assistant message prefill/],
  ['a tool call without its result', bodyOf('hi', { messages: [said('hi'), call, said('well?')] }),
    /^messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1/]
]

for (const [name, body, message, headers] of REFUSED) {
  t.test(`refused with the API's words: ${name}`, async (t) => {
    const response = await ask(simulator(t), body, headers)
    t.equal(response.statusCode, 400)
    t.match(response.json(), { type: 'error', error: { type: 'invalid_request_error', message }, request_id: response.headers['request-id'] })
  })
}

/** What must go through, because real clients send it. */
const ACCEPTED: Array<[string, object, Record<string, string>?]> = [
  ['fields that nobody knows', bodyOf('hi', { safeguards: [{ type: 'new' }], whatever: 1 })],
  ['system messages among the others', bodyOf('hi', { messages: [said('hi'), { role: 'system', content: [{ type: 'text', text: 'be kind' }], output_config: {} }] })],
  ['any beta header', bodyOf('hi'), { 'anthropic-beta': 'from-the-future-2030-01-01' }],
  ['blocks of unknown types', bodyOf('hi', { messages: [said([{ type: 'hologram', data: 1 }, { type: 'text', text: 'hi' }])] })],
  ['max_tokens 0', bodyOf('hi', { max_tokens: 0 })],
  ['a temperature where model and version take it', bodyOf('hi', { temperature: 0.5 })],
  ['temperature 1 in the old version, for any model', bodyOf('hi', { model: 'claude-opus-5-5', temperature: 1 })],
  ['a forced tool on a model that lets itself be forced', bodyOf('hi', { tools, tool_choice: { type: 'any' } })],
  ['null for what may be left out', bodyOf('hi', { tools: [{ name: 'Bash', cache_control: null }], tool_choice: null, thinking: null, output_config: null })],
  ['tools without a schema', bodyOf('hi', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] })],
  ['a tool result behind a system message', bodyOf('hi', {
    messages: [said('hi'), call, { role: 'system', content: 'be kind' }, said([{ type: 'tool_result', tool_use_id: 'toolu_1' }])]
  })]
]

for (const [name, body, headers] of ACCEPTED) {
  t.test(`accepted: ${name}`, async (t) => {
    t.equal((await ask(simulator(t), body, headers)).statusCode, 200)
  })
}

t.test('a model that does not exist is 404', async (t) => {
  const response = await ask(simulator(t), bodyOf('hi', { model: 'claude-xyz' }))
  t.equal(response.statusCode, 404)
  t.match(response.json(), { error: { type: 'not_found_error', message: 'model: claude-xyz' } })
})

t.test('a body that is no JSON is 400', async (t) => {
  const response = await simulator(t).inject({ method: 'POST', url: '/v1/messages', headers: HEADERS, payload: '{"model":' })
  t.equal(response.statusCode, 400)
  t.match(response.json(), { error: { type: 'invalid_request_error', message: /^The request body is not valid JSON: / } })
})

t.test('no body is 400', async (t) => {
  const response = await simulator(t).inject({ method: 'POST', url: '/v1/messages', headers: { 'x-api-key': 'sk-ant-sim-aaaa', 'anthropic-version': '2023-06-01' } })
  t.match(response.json(), { error: { type: 'invalid_request_error', message: /^The request body is not valid JSON: / } })
})
