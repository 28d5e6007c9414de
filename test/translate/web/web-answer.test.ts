import t from 'tap'
import { END, event, messageOf, OPTIONS, read, START, stream, textStream } from './helpers/web-streams.ts'

const UUID = '00000000-0000-4000-8000-000000000002'
const text = (value: string) => ({ type: 'text', text: value })
const thinking = (value: string, signature = '') => ({ type: 'thinking', thinking: value, signature })

t.test('an answer in the style of Messages, with all that is no part of the protocol left out', async (t) => {
  const { message, pings } = messageOf(stream('messages'))
  t.match(message, { id: OPTIONS.id, type: 'message', role: 'assistant', model: 'claude-sonnet-4-6', stop_reason: 'end_turn', stop_sequence: null })
  t.same(message.content, [text('Hello, two lines.'), text(' More')])
  t.equal(pings, 1, 'a ping passes, but not before the beginning')
  const { answer } = read([stream('messages')])
  t.match(answer, { over: true, stopped: false, error: null, assistantUuid: UUID, text: 'Hello, two lines. More' })
})

t.test('the events are those of the API, byte for byte', async (t) => {
  const pieces = textStream(['Hi'])
  t.equal(read([Buffer.from(pieces)]).told, [
    'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_01madeup","type":"message","role":"assistant","model":"claude-sonnet-5","content":[],"stop_reason":null,"stop_sequence":null,"stop_details":null,"usage":{"input_tokens":25,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":1,"service_tier":null}}}\n\n',
    'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}\n\n',
    'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
    'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null,"stop_details":null},"usage":{"input_tokens":25,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1,"output_tokens_details":null,"server_tool_use":null}}\n\n',
    'event: message_stop\ndata: {"type":"message_stop"}\n\n'
  ].join(''))
})

t.test('a whole answer has every field of a message', async (t) => {
  const { answer, told } = read([stream('thinking')], { stream: false })
  t.same(JSON.parse(told), {
    id: OPTIONS.id,
    type: 'message',
    role: 'assistant',
    model: OPTIONS.model,
    content: messageOf(stream('thinking')).message.content,
    stop_reason: 'max_tokens',
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: {
      input_tokens: 25,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
      output_tokens: answer.outputTokens,
      output_tokens_details: { thinking_tokens: JSON.parse(told).usage.output_tokens_details.thinking_tokens },
      server_tool_use: null,
      service_tier: null
    }
  })
  const { output_tokens: output, output_tokens_details: details } = JSON.parse(told).usage
  t.ok(details.thinking_tokens > 0 && details.thinking_tokens < output, 'thinking is a part of the output')
})

t.test('an answer in the legacy style', async (t) => {
  const { message } = messageOf(stream('legacy'))
  t.same(message.content, [text(' Hi, Grüße 👋 <stopped>.')])
  t.equal(message['model'], 'claude-2.1')
  t.equal(message.stop_reason, 'end_turn', 'the stop sequence that ends every turn there is not one of the client')
  t.match(read([stream('legacy')]).answer, { assistantUuid: null, limit: { state: 'approaching' } })
})

t.test('every stop reason of the legacy style ends the answer', async (t) => {
  const completion = (text: string, reason: unknown) => `data: {"completion":${JSON.stringify(text)},"stop_reason":${JSON.stringify(reason)}}\n\n`
  for (const [reason, told] of [['end_turn', 'end_turn'], ['max_tokens', 'max_tokens'], ['stop_sequence', 'end_turn'], ['new', 'end_turn']] as const) {
    const { message } = messageOf(completion('a', null) + completion('b', reason))
    t.same([message.content, message.stop_reason], [[text('ab')], told])
  }
  t.same(messageOf(completion('', 'end_turn')).message.content, [], 'without a word there is no block')
})

t.test('the events of the other style tell nothing', async (t) => {
  const legacy = event('completion', { completion: 'hidden', stop_reason: 'end_turn', model: 'x' })
  t.same(messageOf(START + legacy + textStream(['seen'])).message.content, [text('seen')])
  t.same(messageOf(event('completion', { completion: 'seen', stop_reason: null }) + textStream(['hidden']) + legacy).message.content, [text('seenhidden')])
})

t.test('thinking comes with its signature; summaries only where there is no thinking', async (t) => {
  t.same(messageOf(stream('thinking')).message.content, [
    thinking('First, a "thought".', 'c2lnbmF0dXJl'),
    thinking('Weighing it\n\nWeighing more\n\nDone'),
    thinking('Headline\n\nthen thinking itself'),
    text('So: 42')
  ])
  t.equal(read([stream('thinking')]).told.match(/signature_delta/g)?.length, 1, 'no signature is told where there is none')
  t.equal(read([stream('thinking')]).answer.text, 'So: 42')
})

t.test('tools that claude.ai runs itself, and blocks that nobody knows, are left out with their deltas', async (t) => {
  const { message } = messageOf(stream('server-tools'))
  t.same(message.content, [text('Let me look. '), text('It is so.')])
  t.equal(message.stop_reason, 'end_turn', 'a call that the client is not told is no reason to stop')
})

t.test('blocks may overlap, and one that is still open at the end is closed', async (t) => {
  t.same(messageOf(stream('interleaved')).message.content, [thinking('ab'), text('one two '), text('THREE '), text('begun again')])
  t.equal(read([stream('interleaved')]).answer.text, 'one two THREE begun again')
})

t.test('what was told is not taken back; what was held back is', async (t) => {
  const content = [text('Kept. '), text('Taken back '), text('Again.')]
  t.same(messageOf(stream('retract'), { stopSequences: ['<stop>'] }).message.content, content)
  const indexed = stream('retract').toString().replace('from_index', 'index')
  t.same(messageOf(indexed, { stopSequences: ['<stop>'] }).message.content, content)
})

t.test('blocks before the first that is taken back go on; without a number all end', async (t) => {
  const begin = (index: number) => event('content_block_start', { index, content_block: { type: 'text', text: '' } })
  const say = (index: number, text: string) => event('content_block_delta', { index, delta: { type: 'text_delta', text } })
  const told = (fields: object) => {
    const bytes = START + begin(0) + begin(1) + say(0, 'a') + say(1, 'b') + event('content_block_retract', fields) + say(0, 'c') + say(1, 'd') + END
    return messageOf(bytes).message.content.map(({ text }) => text)
  }
  t.same([told({ from_index: 1 }), told({ from_index: 0 }), told({ from_index: null })], [['ac', 'b'], ['a', 'b'], ['a', 'b']])
})

t.test('a second beginning tells nothing', async (t) => {
  const again = START.replace(UUID, 'another').replace('"model":""', '"model":"another"')
  const { answer } = read([Buffer.from(START + again + END)])
  t.match(answer, { over: true, assistantUuid: UUID })
  t.equal(messageOf(START + again + END).message['model'], OPTIONS.model)
})

t.test('text is what was said, also where a character is cut in two', async (t) => {
  const { message } = messageOf(stream('unicode'))
  t.same(message.content, [text('Grüße, 世界 👋 é😀 "quoted" \\ end')])
  t.same(messageOf(stream('crlf')).message.content, [text('a\nb\r\nc')])
})

t.test('a refusal says why', async (t) => {
  t.match(messageOf(stream('unicode')).message, {
    stop_reason: 'refusal', stop_details: { type: 'refusal', category: null, explanation: 'It would do harm.' }
  })
})

t.test('every stop reason', async (t) => {
  const reasons = {
    end_turn: 'end_turn', max_tokens: 'max_tokens', pause_turn: 'pause_turn', model_context_window_exceeded: 'model_context_window_exceeded', stop_sequence: 'end_turn', tool_use: 'end_turn', user_canceled: 'end_turn', something_new: 'end_turn', '': 'end_turn'
  }
  for (const [reason, told] of Object.entries(reasons)) {
    t.equal(messageOf(textStream(['a']).replace('"end_turn"', JSON.stringify(reason))).message.stop_reason, told, reason)
  }
  t.equal(messageOf(START + event('message_stop')).message.stop_reason, 'end_turn', 'none was told')
})

t.test('an answer without a word is one', async (t) => {
  const { message } = messageOf(stream('empty'))
  t.same([message.content, message.usage['output_tokens']], [[], 1])
})

t.test('the model is the one that the stream names, else the one that was asked for', async (t) => {
  const model = (bytes: string) => messageOf(bytes).message['model']
  const update = event('model_update', { model: 'claude-opus-4-8' })
  t.equal(model(textStream(['a'])), OPTIONS.model)
  t.equal(model(update + textStream(['a'])), 'claude-opus-4-8')
  t.equal(model(textStream(['a']).replace('"model":""', '"model":"claude-x"')), 'claude-x')
  t.equal(model(START + update + END), OPTIONS.model, 'after the beginning it is told')
  t.equal(messageOf(stream('limits')).message['model'], 'claude-haiku-4-5', 'the fallback, not the model that it stands in for')
})

t.test('the latest limit counts', async (t) => {
  t.match(read([stream('messages')]).answer.limit, {
    state: 'within', resetsAt: null, perModel: false, claim: 'five_hour', windows: [{ name: '5h', utilization: 0.41 }, { name: '7d' }]
  })
  t.match(read([stream('limits')]).answer.limit, { state: 'approaching', resetsAt: 1_790_000_000_123, perModel: false })
  t.equal(read([stream('empty')]).answer.limit, null)
})

t.test('a stream that begins late is begun by its first block; one that never begins has no end', async (t) => {
  t.same(messageOf(textStream(['a']).replace(START, '')).message.content, [text('a')])
  const { answer, told } = read([Buffer.from(END)])
  t.equal(told, '')
  t.match(answer, { over: false, error: { type: 'api_error' }, outputTokens: 0 })
})
