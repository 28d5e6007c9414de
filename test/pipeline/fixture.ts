import { event } from '../helpers/upstream.ts'

/** A stream with everything that the API sends, and a few things that it may send one day. Its usage is {@link USAGE}. */
export const FIXTURE = [
  event('message_start', {
    message: {
      id: 'msg_made_up',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-5-5',
      content: [],
      stop_reason: null,
      usage: { input_tokens: 25, cache_creation_input_tokens: 7, cache_read_input_tokens: 100, output_tokens: 1 }
    }
  }),
  'event: ping\ndata: {"type": "ping"}\n\n',
  event('content_block_start', { index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } }),
  delta(0, { type: 'thinking_delta', thinking: 'Hm.\n\nevent: message_stop\ndata: {}' }),
  delta(0, { type: 'signature_delta', signature: 'bWFkZSB1cA==' }),
  event('content_block_stop', { index: 0 }),
  event('content_block_start', { index: 1, content_block: { type: 'redacted_thinking', data: 'bWFkZSB1cA==' } }),
  event('content_block_stop', { index: 1 }),
  event('content_block_start', { index: 2, content_block: { type: 'text', text: '' } }),
  delta(2, { type: 'text_delta', text: 'é 你好 👩‍👩‍👧 "\\u0041" \u2028' }),
  ': a comment\n\n',
  delta(2, { type: 'citations_delta', citation: { type: 'char_location', cited_text: 'ß', document_index: 0 } }),
  event('content_block_stop', { index: 2 }),
  event('content_block_start', { index: 3, content_block: { type: 'tool_use', id: 'toolu_made_up', name: 'Bash', input: {} } }),
  delta(3, { type: 'input_json_delta', partial_json: '{"n":12345678901234567890' }),
  delta(3, { type: 'input_json_delta', partial_json: '}' }),
  event('content_block_stop', { index: 3 }),
  event('content_block_start', { index: 4, content_block: { type: 'server_tool_use', id: 'srvtoolu_made_up', name: 'web_search', input: {} } }),
  event('content_block_stop', { index: 4 }),
  event('content_block_start', { index: 5, content_block: { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_made_up', content: [] } }),
  event('content_block_stop', { index: 5 }),
  'event: of_the_future\nid: 7\nretry: 1000\ndata: {"a":\ndata: 1}\n\n',
  event('message_delta', { delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 17 } }),
  'event: ping\ndata: {"type": "ping"}\n\n',
  event('message_delta', { delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 42 } }),
  event('message_stop')
].join('')

/** What the log line of the fixture says of its tokens. */
export const USAGE = { inputTokens: 25, outputTokens: 42, cacheReadTokens: 100, cacheCreationTokens: 7 }

/** The same stream, with lines ended as an old server might. */
export const CRLF_FIXTURE = FIXTURE.replaceAll('\n', '\r\n')

function delta (index: number, fields: object): string {
  return event('content_block_delta', { index, delta: fields })
}
