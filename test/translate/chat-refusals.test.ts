import t from 'tap'
import { translateChat } from '../../src/translate/chat-request.ts'
import { refusalOf } from './helpers/refusal.ts'

const OPTIONS = { aliases: {}, autoCache: true, userSalt: 'made-up-salt' }
const HI = { role: 'user', content: 'hi' }
const TOOL = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }
const CALL = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{}' } }

/** A request with these messages behind the first. */
const said = (...messages: unknown[]) => ({ messages: [HI, ...messages] })
const part = (content: unknown) => said({ role: 'user', content: [content] })
const file = (file: unknown) => part({ type: 'file', file })
const image = (url: unknown) => part({ type: 'image_url', image_url: { url } })
const assistant = (fields: object) => said({ role: 'assistant', ...fields })
const called = (call: unknown) => assistant({ tool_calls: [call] })
const tool = (fields: unknown) => ({ tools: [fields] })
const fn = (fields: unknown) => tool({ type: 'function', function: fields })
const schema = (of: unknown) => ({ response_format: { type: 'json_schema', json_schema: { schema: of } } })
const choice = (wanted: unknown) => ({ tools: [TOOL], tool_choice: wanted })
const deep = JSON.parse('['.repeat(500) + ']'.repeat(500)) as unknown

/** Everything that is refused: the field, what is said of it, and what brings it about. */
const REFUSED: ReadonlyArray<readonly [param: string, said: RegExp, fields: object]> = [
  ['model', /is required/, { model: undefined }],
  ['model', /is required/, { model: '' }],
  ['model', /must be a string, not a number/, { model: 5 }],
  ['body', /nested deeper than 128/, { metadata: deep }],
  ['messages', /is required/, { messages: null }],
  ['messages', /must be an array, not a string/, { messages: 'hi' }],
  ['messages', /is empty/, { messages: [] }],
  ['messages', /holds no content/, { messages: [{ role: 'user', content: ' ' }] }],
  ['messages.1', /must be an object, not null/, said(null)],
  ['messages.1.role', /must be one of system, .* not "robot"/, said({ role: 'robot', content: 'x' })],
  ['messages.1.role', /must be one of .* not nothing/, said({ content: 'x' })],
  ['messages.1.content', /must be a string or an array/, said({ role: 'user', content: 5 })],
  ['messages.1.content', /more than text/, said({ role: 'system', content: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] })],
  ['messages.1.content.0', /must be an object, not a string/, part('x')],
  ['messages.1.content.0.type', /is required/, part({ text: 'x' })],
  ['messages.1.content.0', /the part "video" is not supported/, part({ type: 'video' })],
  ['messages.1.content.0', /the part "input_audio".*transcript/, part({ type: 'input_audio', input_audio: { data: '', format: 'wav' } })],
  ['messages.1.content.0.text', /must be a string/, part({ type: 'text', text: 5 })],
  ['messages.1.content.0.refusal', /must be a string/, said({ role: 'assistant', content: [{ type: 'refusal' }] })],
  ['messages.1.content.0.cache_control', /must be an object/, part({ type: 'text', text: 'x', cache_control: 'yes' })],
  ['messages.1.content.0.cache_control.type', /must be one of ephemeral/, part({ type: 'text', text: 'x', cache_control: { type: 'eternal' } })],
  ['messages.1.content.0.cache_control.ttl', /must be one of 5m, 1h/, part({ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '2h' } })],
  ['messages.1.content.0.image_url', /must be an object/, part({ type: 'image_url', image_url: 'https://example.com/a.png' })],
  ['messages.1.content.0.image_url.url', /is required/, image(undefined)],
  ['messages.1.content.0.image_url.url', /must be a string/, image(5)],
  ['messages.1.content.0.image_url.url', /neither a data URL nor/, image('ftp://example.com/a.png')],
  ['messages.1.content.0.image_url.url', /has the type "image\/bmp"/, image('data:image/bmp;base64,AA==')],
  ['messages.1.content.0.image_url.url', /holds no base64/, image('data:image/png;base64,?')],
  ['messages.1.content.0.file', /must be an object/, file('x')],
  ['messages.1.content.0.file', /No files are stored here/, file({ file_id: 'file-1' })],
  ['messages.1.content.0.file.file_data', /is required/, file({})],
  ['messages.1.content.0.file.file_data', /must be a string/, file({ file_data: 5 })],
  ['messages.1.content.0.file.file_data', /has the type "application\/zip"/, file({ file_data: 'data:application/zip;base64,AA==' })],
  ['messages.1.content.0.file.file_data', /percent-encoded/, file({ file_data: 'data:text/plain,%' })],
  ['messages.1.content.0.file.filename', /must be a string/, file({ file_data: 'data:text/plain,x', filename: 5 })],
  ['messages.1.refusal', /must be a string/, assistant({ refusal: 5 })],
  ['messages.1.audio', /is not supported/, assistant({ audio: { id: 'audio_1' } })],
  ['messages.1.tool_calls', /must be an array/, assistant({ tool_calls: {} })],
  ['messages.1.tool_calls.0', /must be an object/, called('x')],
  ['messages.1.tool_calls.0.id', /is required/, called({ ...CALL, id: '' })],
  ['messages.1.tool_calls.0.id', /must be a string/, called({ ...CALL, id: 5 })],
  ['messages.1.tool_calls.0.type', /must be one of function, custom/, called({ ...CALL, type: 'web' })],
  ['messages.1.tool_calls.0.function', /must be an object/, called({ id: 'a' })],
  ['messages.1.tool_calls.0.function.name', /is required/, called({ id: 'a', function: {} })],
  ['messages.1.tool_calls.0.function.name', /must be 1 to 128 letters/, called({ id: 'a', function: { name: 'a b' } })],
  ['messages.1.tool_calls.0.function.arguments', /must be a string/, called({ id: 'a', function: { name: 'f', arguments: {} } })],
  ['messages.1.tool_calls.0.custom.input', /must be a string/, called({ id: 'a', type: 'custom', custom: { name: 'f' } })],
  ['messages.1', /two calls of the id "call_1"/, assistant({ tool_calls: [CALL, CALL] })],
  ['messages.1.function_call', /must be an object/, assistant({ function_call: 'x' })],
  ['messages.1.tool_call_id', /is required/, said({ role: 'tool', content: 'y' })],
  ['messages.1', /answers no call/, said({ role: 'tool', tool_call_id: 'x', content: 'y' })],
  ['messages.1', /answers no function call/, said({ role: 'function', name: 'f', content: 'y' })],
  ['tools', /must be an array/, { tools: {} }],
  ['tools.0', /must be an object/, tool('x')],
  ['tools.0.type', /is required/, tool({})],
  ['tools.0', /the tool "web" is not supported/, tool({ type: 'web' })],
  ['tools.0.function', /must be an object/, tool({ type: 'function' })],
  ['tools.0.custom', /must be an object/, tool({ type: 'custom' })],
  ['tools.0.custom.format.definition', /must be a string/, tool({ type: 'custom', custom: { name: 'c', format: { type: 'grammar', grammar: {} } } })],
  ['tools.0.custom.format.syntax', /must be a string/, tool({ type: 'custom', custom: { name: 'c', format: { type: 'grammar', grammar: { definition: 'd', syntax: 5 } } } })],
  ['tools.0.function.name', /is required/, fn({})],
  ['tools.0.function.name', /must be 1 to 128 letters/, fn({ name: 'x'.repeat(129) })],
  ['tools.0.function.description', /must be a string/, fn({ name: 'f', description: 5 })],
  ['tools.0.function.strict', /must be true or false/, fn({ name: 'f', strict: 'yes' })],
  ['tools.0.function.parameters', /must be an object/, fn({ name: 'f', parameters: [] })],
  ['tools.0.function.parameters.type', /must be "object"/, fn({ name: 'f', parameters: { type: 'array' } })],
  ['tools', /two tools of the name "weather"/, { tools: [TOOL, TOOL] }],
  ['functions', /must be an array/, { functions: {} }],
  ['functions.0', /must be an object/, { functions: [5] }],
  ['functions.0.name', /is required/, { functions: [{}] }],
  ['tool_choice', /must be one of auto, none, required/, choice('always')],
  ['tool_choice.type', /must be one of function, custom, allowed_tools/, choice({ type: 'web' })],
  ['tool_choice.function', /must be an object/, choice({ type: 'function' })],
  ['tool_choice.function.name', /is required/, choice({ type: 'function', function: {} })],
  ['tool_choice', /names "absent"/, choice({ type: 'function', function: { name: 'absent' } })],
  ['tool_choice', /there is none/, { tool_choice: 'required' }],
  ['tool_choice.allowed_tools.mode', /must be one of auto, required/, choice({ type: 'allowed_tools', allowed_tools: { tools: [] } })],
  ['tool_choice.allowed_tools.tools', /must be an array/, choice({ type: 'allowed_tools', allowed_tools: { mode: 'auto' } })],
  ['tool_choice.allowed_tools.tools.0', /must be an object/, choice({ type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: ['x'] } })],
  ['tool_choice.allowed_tools.tools.0.name', /is required/, choice({ type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{}] } })],
  ['function_call', /must be one of auto, none/, { functions: [{ name: 'f' }], function_call: 'always' }],
  ['function_call.name', /is required/, { functions: [{ name: 'f' }], function_call: {} }],
  ['parallel_tool_calls', /must be true or false/, { parallel_tool_calls: 'no' }],
  ['response_format', /must be an object/, { response_format: 'json' }],
  ['response_format.type', /must be one of text, json_object, json_schema/, { response_format: { type: 'xml' } }],
  ['response_format.json_schema', /must be an object/, { response_format: { type: 'json_schema' } }],
  ['response_format.json_schema.schema', /is required/, { response_format: { type: 'json_schema', json_schema: {} } }],
  ['response_format.json_schema.schema', /must be an object/, schema('x')],
  ['response_format.json_schema.schema.properties.a', /must be an object/, schema({ type: 'object', properties: { a: true } })],
  ['response_format.json_schema.schema.anyOf.0', /must be an object/, schema({ anyOf: [5] })],
  ['reasoning_effort', /must be one of none, minimal/, { reasoning_effort: 'huge' }],
  ['thinking', /must be an object/, { thinking: 'yes' }],
  ['thinking.type', /must be one of adaptive/, { thinking: { type: 'much' } }],
  ['thinking.display', /must be one of summarized, omitted/, { thinking: { type: 'adaptive', display: 'raw' } }],
  ['thinking.budget_tokens', /is required/, { thinking: { type: 'enabled' } }],
  ['max_completion_tokens', /whole number of at least 1/, { max_completion_tokens: 1.5 }],
  ['max_tokens', /whole number of at least 1/, { max_tokens: 0 }],
  ['max_tokens', /must be a number/, { max_tokens: '5' }],
  ['temperature', /must be a number/, { temperature: 'hot' }],
  ['top_p', /must be a number/, { top_p: [] }],
  ['stop', /must be an array/, { stop: 5 }],
  ['stop.1', /must be a string/, { stop: ['a', 1] }],
  ['stream', /must be true or false/, { stream: 1 }],
  ['stream_options', /must be an object/, { stream_options: true }],
  ['user', /must be a string/, { user: 5 }],
  ['safety_identifier', /must be a string/, { safety_identifier: 5 }],
  ['cache_control', /must be an object/, { cache_control: 5 }],
  ['n', /is not supported/, { n: 2 }],
  ['logprobs', /is not supported/, { logprobs: true }],
  ['top_logprobs', /is not supported/, { top_logprobs: 2 }],
  ['audio', /is not supported/, { audio: {} }],
  ['modalities', /is not supported/, { modalities: ['audio'] }],
  ['web_search_options', /is not supported/, { web_search_options: {} }]
]

for (const [param, message, fields] of REFUSED) {
  t.test(`${param}: ${message.source}`, async (t) => {
    const error = refusalOf(() => translateChat({ model: 'claude-sonnet-5', messages: [HI], ...fields }, OPTIONS))
    t.match({ status: error.status, param: error.param, message: error.message }, { status: 400, param, message })
    t.match(error.message, /^[\w.]+: .+\. [A-Z].*\.$/, 'names the field, what is wrong with it, and the mend')
  })
}

t.test('a body that is no object', async (t) => {
  for (const body of [[], 'x', null, 5]) t.equal(refusalOf(() => translateChat(body, OPTIONS)).param, 'body')
})
