import t from 'tap'
import { rowsOf } from '../../src/translate/parameters.ts'
import { translateResponses } from '../../src/translate/responses-request.ts'
import { refusalOf } from './helpers/refusal.ts'

const OPTIONS = { aliases: {}, autoCache: true, userSalt: 'made-up-salt' }
const TOOL = { type: 'function', name: 'weather', parameters: { type: 'object' } }

/** A request with these items behind the first. */
const given = (...items: unknown[]) => ({ input: [{ role: 'user', content: 'hi' }, ...items] })
const part = (content: unknown) => given({ role: 'user', content: [content] })
const tool = (fields: unknown) => ({ tools: [fields] })
const choice = (wanted: unknown) => ({ tools: [TOOL], tool_choice: wanted })
const format = (format: unknown) => ({ text: { format } })

/** Everything that is refused: the field, what is said of it, and what brings it about. */
const REFUSED: ReadonlyArray<readonly [param: string, said: RegExp, fields: object]> = [
  ['model', /is required/, { model: undefined }],
  ['instructions', /must be a string/, { instructions: [] }],
  ['input', /is required/, { input: null }],
  ['input', /must be an array, not a number/, { input: 5 }],
  ['input', /holds no content/, { input: [] }],
  ['input', /holds no content/, { input: ' ' }],
  ['input.1', /must be an object/, given('x')],
  ['input.1', /the item "item_reference" is not supported.*store: false/, given({ type: 'item_reference', id: 'msg_1' })],
  ['input.1', /the item "web_search_call" is not supported/, given({ type: 'web_search_call', id: 'ws_1' })],
  ['input.1.type', /must be a string/, given({ type: 5 })],
  ['input.1.role', /must be one of user, assistant, system, developer/, given({ role: 'tool', content: 'x' })],
  ['input.1.content', /must be an array/, given({ role: 'user', content: 5 })],
  ['input.1.content.0', /must be an object/, part('x')],
  ['input.1.content.0.type', /is required/, part({})],
  ['input.1.content.0', /the part "text" is not supported/, part({ type: 'text', text: 'x' })],
  ['input.1.content.0', /the part "input_audio".*transcript/, part({ type: 'input_audio' })],
  ['input.1.content.0.text', /must be a string/, part({ type: 'input_text' })],
  ['input.1.content.0.refusal', /must be a string/, part({ type: 'refusal' })],
  ['input.1.content.0', /No files are stored/, part({ type: 'input_image', file_id: 'file-1' })],
  ['input.1.content.0.image_url', /is required/, part({ type: 'input_image' })],
  ['input.1.content.0.image_url', /neither a data URL/, part({ type: 'input_image', image_url: 'x' })],
  ['input.1.content.0', /No files are stored/, part({ type: 'input_file', file_id: 'file-1' })],
  ['input.1.content.0.file_data', /is required/, part({ type: 'input_file' })],
  ['input.1.content.0.file_data', /has the type/, part({ type: 'input_file', file_data: 'data:application/zip;base64,AA==' })],
  ['input.1.content.0.file_url', /not an http/, part({ type: 'input_file', file_url: 'file:///etc/passwd' })],
  ['input.1.content.0', /more than text/, given({ role: 'assistant', content: [{ type: 'input_image', image_url: 'https://example.com/a.png' }] })],
  ['input.1.name', /must be a string/, given({ type: 'function_call', call_id: 'a' })],
  ['input.1.name', /must be 1 to 128/, given({ type: 'function_call', call_id: 'a', name: 'a b' })],
  ['input.1.namespace', /must be a string/, given({ type: 'function_call', call_id: 'a', name: 'f', namespace: 5 })],
  ['input.1.call_id', /is required/, given({ type: 'function_call', name: 'f', arguments: '{}' })],
  ['input.1.arguments', /must be a string/, given({ type: 'function_call', call_id: 'a', name: 'f', arguments: {} })],
  ['input.1.input', /must be a string/, given({ type: 'custom_tool_call', call_id: 'a', name: 'f' })],
  ['input.1', /answers no call/, given({ type: 'function_call_output', call_id: 'a', output: 'x' })],
  ['input.1.call_id', /is required/, given({ type: 'custom_tool_call_output', output: 'x' })],
  ['input.2.output', /must be an array/, given({ type: 'function_call', call_id: 'a', name: 'f' }, { type: 'function_call_output', call_id: 'a', output: 5 })],
  ['tools', /must be an array/, { tools: 'x' }],
  ['tools.0', /must be an object/, tool('x')],
  ['tools.0.type', /is required/, tool({ name: 'f' })],
  ['tools.0', /the tool "hammer" is not supported/, tool({ type: 'hammer' })],
  ['tools.0.name', /is required/, tool({ type: 'function' })],
  ['tools.0.parameters.type', /must be "object"/, tool({ ...TOOL, parameters: { type: 'string' } })],
  ['tools.0.name', /is required/, tool({ type: 'namespace', tools: [] })],
  ['tools.0.description', /must be a string/, tool({ type: 'namespace', name: 'n', description: 5, tools: [] })],
  ['tools.0.tools', /must be an array/, tool({ type: 'namespace', name: 'n' })],
  ['tools.0.tools.0', /must be an object/, tool({ type: 'namespace', name: 'n', tools: [5] })],
  ['tools.0.tools.0', /the tool "namespace" is not supported/, tool({ type: 'namespace', name: 'n', tools: [{ type: 'namespace', name: 'm', tools: [] }] })],
  ['tools.0.tools.0.name', /must be 1 to 128/, tool({ type: 'namespace', name: 'n'.repeat(100), tools: [{ ...TOOL, name: 'f'.repeat(60) }] })],
  ['tools', /two tools of the name "n__f"/, { tools: [{ ...TOOL, name: 'n__f' }, { type: 'namespace', name: 'n', tools: [{ ...TOOL, name: 'f' }] }] }],
  ['tool_choice', /must be one of auto, none, required/, choice('always')],
  ['tool_choice', /"web_search_preview", which runs at OpenAI/, choice({ type: 'web_search_preview' })],
  ['tool_choice.type', /must be one of function, custom/, choice({ type: 'mystery' })],
  ['tool_choice.name', /is required/, choice({ type: 'function' })],
  ['tool_choice', /names "absent"/, choice({ type: 'function', name: 'absent' })],
  ['tool_choice', /there is none/, { tool_choice: 'required' }],
  ['tool_choice.mode', /must be one of auto, required/, choice({ type: 'allowed_tools', tools: [] })],
  ['tool_choice.tools', /must be an array/, choice({ type: 'allowed_tools', mode: 'auto' })],
  ['tool_choice.tools.0', /must be an object/, choice({ type: 'allowed_tools', mode: 'auto', tools: ['x'] })],
  ['parallel_tool_calls', /must be true or false/, { parallel_tool_calls: 'no' }],
  ['text', /must be an object/, { text: 'json' }],
  ['text.format', /must be an object/, format('json')],
  ['text.format.type', /must be one of text, json_object, json_schema/, format({ type: 'xml' })],
  ['text.format.schema', /is required/, format({ type: 'json_schema', name: 'x' })],
  ['text.format.schema', /must be an object/, format({ type: 'json_schema', schema: 'x' })],
  ['text.verbosity', /must be a string/, { text: { verbosity: 5 } }],
  ['reasoning', /must be an object/, { reasoning: 'high' }],
  ['reasoning.effort', /must be one of none, minimal/, { reasoning: { effort: 'huge' } }],
  ['include', /must be an array/, { include: 'reasoning.encrypted_content' }],
  ['max_output_tokens', /whole number of at least 1/, { max_output_tokens: 0 }],
  ['temperature', /must be a number/, { temperature: 'hot' }],
  ['stream', /must be true or false/, { stream: 'yes' }],
  ['user', /must be a string/, { user: 5 }],
  ['previous_response_id', /Nothing is stored here/, { previous_response_id: 'resp_1' }],
  ['conversation', /Nothing is stored here/, { conversation: 'conv_1' }],
  ['prompt', /No prompts are stored here/, { prompt: { id: 'pmpt_1' } }],
  ['background', /as long as its connection/, { background: true }],
  ['top_logprobs', /tells no probabilities/, { top_logprobs: 2 }]
]

for (const [param, message, fields] of REFUSED) {
  t.test(`${param}: ${message.source}`, async (t) => {
    const error = refusalOf(() => translateResponses({ model: 'claude-sonnet-5', input: 'hi', ...fields }, OPTIONS))
    t.match({ status: error.status, param: error.param, message: error.message }, { status: 400, param, message })
    t.match(error.message, /^[\w.]+: .+\. [A-Z].*\.$/, 'names the field, what is wrong with it, and the mend')
  })
}

t.test('every parameter that the table calls refused is among them', async (t) => {
  const tried = new Set(REFUSED.map(([param]) => param))
  for (const { kind, name, fate } of rowsOf('responses')) if (kind === 'parameter' && fate === 'refused') t.ok(tried.has(name), name)
})
