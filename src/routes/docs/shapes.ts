import { AdminError, AnthropicError, OpenaiError } from '../schemas.ts'

/**
 * What bodies of the upstream's protocols look like, as far as it matters for using them. They are open: what is not named here passes as well.
 * They are shown and nothing else; what is checked is in each route's schema. Sources: Anthropic API reference, OpenAI API reference.
 */
const open = (properties: Record<string, object>, required: readonly string[], description: string) =>
  ({ type: 'object', properties, required: [...required], additionalProperties: true, description })

const text = { type: 'string' }
const whole = { type: 'integer' }
const anything = { type: 'object', additionalProperties: true }
const list = (items: object) => ({ type: 'array', items })
const either = (...anyOf: object[]) => ({ anyOf })

const Usage = open({ input_tokens: whole, output_tokens: whole }, [], 'Token counts, those of the prompt cache among them')

const MessagesRequest = open({
  model: { ...text, description: 'The id of a model' },
  max_tokens: { ...whole, description: 'The most tokens that may be written' },
  messages: list(open({ role: text, content: either(text, list(anything)) }, ['role', 'content'], 'A turn')),
  system: either(text, list(anything)),
  stream: { type: 'boolean', description: 'Whether the answer comes as server-sent events' },
  tools: list(anything)
}, ['model', 'messages'], 'A request of the Messages API. Every field of it passes as sent.')

const Message = open({
  id: text, type: { const: 'message' }, role: { const: 'assistant' }, model: text, content: list(anything), stop_reason: { type: ['string', 'null'] }, usage: Usage
}, ['id', 'type', 'role', 'model', 'content', 'usage'], 'The upstream\'s answer, byte for byte')

const ChatRequest = open({
  model: { ...text, description: 'A Claude model, or an alias' },
  messages: list(open({ role: text, content: {} }, ['role'], 'A turn')),
  stream: { type: 'boolean' },
  max_completion_tokens: whole,
  tools: list(anything),
  response_format: anything,
  reasoning_effort: text
}, ['model', 'messages'], 'A request of Chat Completions. The README says what becomes of each parameter.')

const ChatCompletion = open({
  id: text, object: { const: 'chat.completion' }, created: whole, model: text, choices: list(anything), usage: anything
}, ['id', 'object', 'created', 'model', 'choices'], 'The answer in OpenAI\'s shape')

const ResponsesRequest = open({
  model: { ...text, description: 'A Claude model, or an alias' },
  input: either(text, list(anything)),
  instructions: text,
  stream: { type: 'boolean' },
  max_output_tokens: whole,
  tools: list(anything),
  reasoning: anything,
  text: anything,
  include: list(text)
}, ['model', 'input'], 'A request of the Responses API. Nothing is stored: the whole conversation is sent each time.')

const ResponsesAnswer = open({
  id: text, object: { const: 'response' }, status: text, model: text, output: list(anything), usage: anything
}, ['id', 'object', 'status', 'model', 'output'], 'The answer in OpenAI\'s shape')

const TokenCount = open({ input_tokens: whole }, ['input_tokens'], 'How many tokens the prompt has')
const Model = open({ id: text, display_name: text, created_at: text }, ['id'], 'A model. For OpenAI\'s clients with `object`, `created` and `owned_by` as well.')
const Thing = open({ id: text, type: text }, ['id'], 'The upstream\'s answer, byte for byte')
const Page = open({ data: list(anything), has_more: { type: 'boolean' } }, ['data'], 'A page of a list. The token\'s own things of it; it may be shorter than its limit while there are more.')
const ModelPage = open({ data: list(Model) }, ['data'], 'The models')
const BatchRequest = open({ requests: list(open({ custom_id: text, params: anything }, ['custom_id', 'params'], 'A request and its name')) }, ['requests'], 'The requests of a batch')
const FileForm = open({ file: { type: 'string', contentMediaType: 'application/octet-stream' } }, ['file'], 'A form with the file')
const SkillForm = open({ display_title: text, 'files[]': list({ type: 'string', contentMediaType: 'application/octet-stream' }) }, [], 'A form with the skill\'s files, SKILL.md among them')
const Bytes = { type: 'string', description: 'As many bytes as there are, streamed' }

export const SHAPES = {
  AdminError,
  AnthropicError,
  BatchRequest,
  Bytes,
  ChatCompletion,
  ChatRequest,
  FileForm,
  Message,
  MessagesRequest,
  ModelPage,
  Model,
  OpenaiError,
  Page,
  ResponsesAnswer,
  ResponsesRequest,
  SkillForm,
  Thing,
  TokenCount
}

export type ShapeName = keyof typeof SHAPES
