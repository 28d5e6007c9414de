import t from 'tap'
import { keptThinking } from '../../src/translate/kept-thinking.ts'
import { ResponsesAnswer } from '../../src/translate/responses-answer.ts'
import { ResponsesStream } from '../../src/translate/responses-stream.ts'
import { Translator } from '../../src/translate/translator.ts'
import { CREATED, eventsIn, responsesContext, stream, STREAMS, translated } from './helpers/streams.ts'

type Name = typeof STREAMS[number]
interface Event { type: string, sequence_number: number, item?: Record<string, unknown>, response?: Record<string, unknown>, delta?: string }

function events (name: Name, changes = {}): Event[] {
  const context = responsesContext(changes)
  return eventsIn(translated(new Translator(new ResponsesStream(context, CREATED), context), [stream(name)]))
}

function answer (name: Name, changes = {}): Record<string, unknown> {
  const context = responsesContext({ stream: false, ...changes })
  return JSON.parse(translated(new Translator(new ResponsesAnswer(context, CREATED), context), [stream(name)])) as Record<string, unknown>
}

t.test('the events of a text, in their order', async (t) => {
  const all = events('text')
  t.same(all.map(({ type }) => type.replace('response.', '')), [
    'created', 'in_progress', 'output_item.added', 'content_part.added',
    ...Array<string>(5).fill('output_text.delta'),
    'output_text.done', 'content_part.done', 'output_item.done', 'completed'
  ])
  t.same(all.map(({ sequence_number: number }) => number), all.map((_, index) => index))
  const text = 'Grüße, 世界 👋\n"quoted" \\ back/slash é 😀 end\\!'
  const at = { item_id: 'msg_01madeup_0', output_index: 0, content_index: 0 }
  t.match(all[4], { ...at, delta: 'Grüße, 世界 👋', logprobs: [] })
  t.match(all.at(-4), { ...at, text, logprobs: [] })
  t.match(all.at(-3), { ...at, part: { type: 'output_text', text, annotations: [] } })
  t.match(all.at(-1), {
    response: {
      id: 'resp_01madeup',
      object: 'response',
      created_at: CREATED,
      status: 'completed',
      error: null,
      incomplete_details: null,
      model: 'gpt-5',
      output: [{ id: 'msg_01madeup_0', type: 'message', status: 'completed', role: 'assistant', content: [{ type: 'output_text', text }] }],
      usage: {
        input_tokens: 132,
        input_tokens_details: { cached_tokens: 100, cache_write_tokens: 7 },
        output_tokens: 42,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 174
      }
    }
  })
})

t.test('each event is named by its type, for clients that go by the name', async (t) => {
  const context = responsesContext()
  const text = translated(new Translator(new ResponsesStream(context, CREATED), context), [stream('tools')])
  for (const event of text.split('\n\n').slice(0, -1)) {
    const [name, data] = event.split('\n')
    t.equal(`event: ${(JSON.parse(data!.slice(6)) as Event).type}`, name)
  }
})

t.test('reasoning has a summary, and what the client keeps of it', async (t) => {
  const all = events('thinking')
  t.same(all.slice(2, 11).map(({ type }) => type.replace('response.', '')), [
    'output_item.added', 'reasoning_summary_part.added', 'reasoning_summary_text.delta', 'reasoning_summary_text.delta',
    'reasoning_summary_text.done', 'reasoning_summary_part.done', 'output_item.done', 'output_item.added', 'output_item.done'
  ])
  const [thought, redacted] = all.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item!)
  t.match(thought, { type: 'reasoning', summary: [{ type: 'summary_text', text: 'First, a "thought".' }] })
  t.same(keptThinking(thought!['encrypted_content'], 'claude-sonnet-5-5'), { type: 'thinking', thinking: 'First, a "thought".', signature: 'c2lnbmF0dXJl' })
  t.same(redacted!['summary'], [])
  t.same(keptThinking(redacted!['encrypted_content'], 'claude-sonnet-5-5'), { type: 'redacted_thinking', data: 'cmVkYWN0ZWQ=' })
})

t.test('who does not ask for it is given nothing to keep', async (t) => {
  for (const { item } of events('thinking', { encrypted: false })) t.notOk(item !== undefined && 'encrypted_content' in item)
})

t.test('calls, interleaved or not, each whole in its item; those of a namespace by it', async (t) => {
  const all = events('tools')
  t.same(all.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item), [
    { id: 'msg_01madeup_0', type: 'message', status: 'completed', role: 'assistant', content: [{ type: 'output_text', text: 'Let me look.', annotations: [], logprobs: [] }] },
    { id: 'fc_01madeup_1', type: 'function_call', status: 'completed', call_id: 'toolu_01', name: 'get_weather', arguments: '{"city": "Tromsø 🌌"}' },
    { id: 'fc_01madeup_2', type: 'function_call', status: 'completed', call_id: 'toolu_02', namespace: 'clock', name: 'time', arguments: '{"zone":"UTC\\n"}' },
    { id: 'fc_01madeup_3', type: 'function_call', status: 'completed', call_id: 'toolu_03', name: 'now', arguments: '{}' },
    { id: 'fc_01madeup_4', type: 'function_call', status: 'completed', call_id: 'toolu_04', name: 'whole', arguments: '{"given":"at once"}' }
  ])
  const deltas = all.filter(({ type }) => type === 'response.function_call_arguments.delta')
  t.match(deltas[0], { item_id: 'fc_01madeup_1', output_index: 1, delta: '{"city": ' })
})

t.test('a freeform tool gets its text', async (t) => {
  const all = events('custom-tool')
  t.match(all.find(({ type }) => type === 'response.custom_tool_call_input.delta'), { delta: '*** Begin Patch\n+"é" 😀' })
  t.match(all.at(-2)?.item, { type: 'custom_tool_call', call_id: 'toolu_09', name: 'patch', input: '*** Begin Patch\n+"é" 😀' })
})

t.test('the tool that stands in for structured output is a message', async (t) => {
  t.match(answer('json-tool'), { status: 'completed', output: [{ type: 'message', content: [{ text: '{"answer":42}' }] }] })
})

t.test('an answer that was cut off is incomplete, and so is the item in which it was cut', async (t) => {
  const wanted = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, output: [{ type: 'function_call', status: 'incomplete', arguments: '{"city":"Os' }] }
  t.match(answer('cut-off'), wanted)
  const all = events('cut-off')
  t.match(all.at(-1), { type: 'response.incomplete', response: wanted })
  t.match(all.at(-2)?.item, { status: 'incomplete' }, 'so that nobody runs half a call')
})

t.test('a refusal is an item, and the response incomplete', async (t) => {
  const wanted = {
    status: 'incomplete',
    incomplete_details: { reason: 'content_filter' },
    output: [{ type: 'message', content: [{ text: 'I can' }] }, { type: 'message', content: [{ type: 'refusal', refusal: 'That would do harm.' }] }]
  }
  t.match(answer('refusal'), wanted)
  const all = events('refusal')
  t.match(all.at(-1), { type: 'response.incomplete', response: wanted })
  t.same(all.slice(-7, -1).map(({ type }) => type.replace('response.', '')), [
    'output_item.added', 'content_part.added', 'refusal.delta', 'refusal.done', 'content_part.done', 'output_item.done'
  ])
})

t.test('a whole answer is what its stream ends with', async (t) => {
  for (const name of STREAMS.filter((name) => name !== 'error')) t.same(answer(name), events(name).at(-1)?.response, name)
})

t.test('a stream that fails ends in response.failed, with what is whole', async (t) => {
  const context = responsesContext()
  const translator = new Translator(new ResponsesStream(context, CREATED), context)
  const before = eventsIn<Event>(translator.read(stream('error')).toString())
  const after = eventsIn<Event>(translator.failure({ message: 'Overloaded', type: 'server_error', param: null, code: null }))
  t.match(after, [{ type: 'response.failed', sequence_number: before.length, response: { status: 'failed', error: { code: 'server_error', message: 'Overloaded' }, output: [] } }])
})

t.test('a stream that fails while blocks overlap tells the items that are whole, and nothing in the place of the others', async (t) => {
  const context = responsesContext()
  const translator = new Translator(new ResponsesStream(context, CREATED), context)
  const bytes = stream('tools')
  translator.read(bytes.subarray(0, bytes.indexOf('event: message_delta')))
  const first = new Translator(new ResponsesStream(context, CREATED), context)
  first.read(Buffer.from(bytes.toString().replace('{"type":"content_block_stop","index":1}', '{"type":"ping"}').split('event: message_delta')[0]!))
  for (const [failed, count] of [[translator, 5], [first, 4]] as const) {
    const told = eventsIn<{ response?: { output: object[] } }>(failed.failure({ message: 'x', type: 'server_error', param: null, code: null })).at(-1)
    t.equal(told?.response?.output.length, count)
    t.notOk(told?.response?.output.includes(null as never))
  }
})

t.test('a text that is none is an error, not a fault', async (t) => {
  for (const literal of ['\\x', '\\u12', '\u0001']) {
    const context = responsesContext()
    const translator = new Translator(new ResponsesStream(context, CREATED), context)
    translator.read(Buffer.from(stream('text').toString().replace('Grüße', literal)))
    t.match(translator.error, { type: 'api_error', message: /cannot be read/ })
    t.match(eventsIn<Event>(translator.failure({ message: 'x', type: 'server_error', param: null, code: null })).at(-1), { type: 'response.failed' })
  }
})
