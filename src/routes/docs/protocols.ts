import { forToken } from './operation.ts'

/** What the document says of the routes that ask Claude. */

const TURNS = { model: 'claude-sonnet-5-5', messages: [{ role: 'user', content: 'Good morning, Claude!' }] }
const VERSION = ['anthropic-version', 'anthropic-beta'] as const
const STREAM = 'text/event-stream'

export const CREATE_MESSAGE = forToken('Messages', 'anthropic', {
  id: 'createMessage',
  summary: 'Ask Claude, in Anthropic\'s protocol',
  description: 'Forwarded and answered byte for byte, query string included. A stream that cannot be finished ends with an `error` event and never with `message_stop`; an answer that is silent for long is sent `ping` events.',
  headers: VERSION,
  body: { shape: 'MessagesRequest', example: { ...TURNS, max_tokens: 256 } },
  answers: [
    {
      shape: 'Message',
      example: {
        id: 'msg_made_up', type: 'message', role: 'assistant', model: 'claude-sonnet-5-5', content: [{ type: 'text', text: 'Good morning!' }], stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 12, output_tokens: 5 }
      }
    },
    { type: STREAM, shape: 'Bytes', example: 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Good"}}\n\n' }
  ],
  errors: ['invalid_model', 'file_not_found', 'different_workspaces', 'request_too_large']
})

export const COUNT_TOKENS = forToken('Messages', 'anthropic', {
  id: 'countTokens',
  summary: 'Count a prompt\'s tokens',
  description: 'In web mode 404: claude.ai counts none, and clients that are told so estimate by themselves.',
  headers: VERSION,
  body: { shape: 'MessagesRequest', example: TURNS },
  answers: [{ shape: 'TokenCount', example: { input_tokens: 12 } }],
  errors: ['invalid_model', 'file_not_found', 'request_too_large']
})

export const CHAT_COMPLETION = forToken('OpenAI', 'openai', {
  id: 'createChatCompletion',
  summary: 'Ask Claude, in OpenAI\'s protocol',
  description: 'Translated into Messages and back as it streams. What had no effect is named in the header `x-ccproxy-ignored`; what cannot be done is a 400 that names the parameter.',
  body: { shape: 'ChatRequest', example: TURNS },
  answers: [
    {
      shape: 'ChatCompletion',
      example: {
        id: 'chatcmpl-made-up',
        object: 'chat.completion',
        created: 1_795_500_000,
        model: 'claude-sonnet-5-5',
        choices: [{ index: 0, message: { role: 'assistant', content: 'Good morning!', refusal: null }, logprobs: null, finish_reason: 'stop' }],
        usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 }
      }
    },
    { type: STREAM, shape: 'Bytes', example: 'data: {"id":"chatcmpl-made-up","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Good"}}]}\n\n' }
  ],
  errors: ['unsupported_parameter', 'request_too_large']
})

export const CREATE_RESPONSE = forToken('OpenAI', 'openai', {
  id: 'createResponse',
  summary: 'Ask Claude, in OpenAI\'s newer protocol',
  description: 'Without state: what is to be remembered is sent again. With `include: ["reasoning.encrypted_content"]` the model\'s signed thinking goes out and comes back.',
  body: { shape: 'ResponsesRequest', example: { model: 'claude-sonnet-5-5', input: 'Good morning, Claude!' } },
  answers: [
    {
      shape: 'ResponsesAnswer',
      example: {
        id: 'resp_made_up',
        object: 'response',
        status: 'completed',
        model: 'claude-sonnet-5-5',
        output: [{ id: 'msg_made_up', type: 'message', status: 'completed', role: 'assistant', content: [{ type: 'output_text', text: 'Good morning!', annotations: [] }] }],
        usage: { input_tokens: 12, output_tokens: 5, total_tokens: 17 }
      }
    },
    { type: STREAM, shape: 'Bytes', example: 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":4,"delta":"Good"}\n\n' }
  ],
  errors: ['unsupported_parameter', 'request_too_large']
})

export const storedResponse = (method: 'GET' | 'DELETE') => forToken('OpenAI', 'openai', {
  id: method === 'GET' ? 'getResponse' : 'deleteResponse', summary: `${method === 'GET' ? 'Get' : 'Delete'} a stored response: always 404`, description: 'No response is stored here.', answers: [], errors: ['response_not_found']
})

const MODEL = { id: 'claude-sonnet-5-5', type: 'model', display_name: 'Claude Sonnet 5.5', created_at: '2026-08-01T00:00:00Z' }
const SHAPE_NOTE = 'With `anthropic-version` in Anthropic\'s shape, else in one that OpenAI\'s clients read. `x-ccproxy-cache` says how fresh the answer is: `miss`, `hit` or `stale`.'

export const LIST_MODELS = forToken('Models', 'both', {
  id: 'listModels', summary: 'The models', description: SHAPE_NOTE, headers: ['anthropic-version'], answers: [{ shape: 'ModelPage', example: { data: [MODEL], has_more: false } }], errors: ['invalid_limit']
})

export const GET_MODEL = forToken('Models', 'both', {
  id: 'getModel', summary: 'One model', description: `${SHAPE_NOTE} An alias of the configuration is known to OpenAI's clients.`, headers: ['anthropic-version'], answers: [{ shape: 'Model', example: MODEL }], errors: ['invalid_id', 'model_not_found']
})
