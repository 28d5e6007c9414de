import t, { type Test } from 'tap'
import { ChatStream } from '../../src/translate/chat-stream.ts'
import { Translator } from '../../src/translate/translator.ts'
import { chatContext, CREATED, eventsIn, stream, translated, type STREAMS } from './helpers/streams.ts'

type Name = typeof STREAMS[number]
interface Chunk { id: string, choices: Array<{ delta: Record<string, unknown>, finish_reason: string | null }>, usage?: object | null }

function chunks (name: Name, changes = {}): Array<Chunk | '[DONE]'> {
  const context = chatContext(changes)
  return eventsIn(translated(new Translator(new ChatStream(context, CREATED), context), [stream(name)]))
}

/** The deltas, those that say nothing left out, and the reason at the end. */
function told (name: Name, changes = {}): { deltas: object[], finish: string | null | undefined } {
  const list = chunks(name, changes).flatMap((chunk) => chunk === '[DONE]' ? [] : chunk.choices)
  return { deltas: list.map(({ delta }) => delta).filter((delta) => Object.keys(delta).length > 0), finish: list.at(-1)?.finish_reason }
}

const FIRST = { role: 'assistant', content: '', refusal: null }

t.test('text comes piece by piece, and is what was said', async (t) => {
  const { deltas, finish } = told('text')
  t.same(deltas[0], FIRST)
  const pieces = deltas.slice(1).map((delta) => (delta as { content: string }).content)
  t.same(pieces.slice(0, 2), ['Grüße, 世界 👋', '\n"quoted" \\ back/slash é '])
  t.equal(pieces.join(''), 'Grüße, 世界 👋\n"quoted" \\ back/slash é 😀 end\\!', 'also where a surrogate pair is torn in two')
  t.equal(finish, 'stop')
})

t.test('every chunk has the same id, model and time', async (t) => {
  const all = chunks('tools')
  t.equal(all.at(-1), '[DONE]')
  for (const chunk of all.slice(0, -1)) {
    t.match(chunk, { id: 'chatcmpl-01madeup', object: 'chat.completion.chunk', created: CREATED, model: 'gpt-5' })
  }
})

t.test('the usage has a chunk of its own, and only for those who asked', async (t) => {
  const all = chunks('thinking').slice(0, -1) as Chunk[]
  t.same(all.at(-1)?.choices, [])
  t.same(all.at(-1)?.usage, {
    prompt_tokens: 132,
    completion_tokens: 30,
    total_tokens: 162,
    prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 7 },
    completion_tokens_details: { reasoning_tokens: 12 }
  })
  t.ok(all.slice(0, -1).every(({ usage }) => usage === null), 'null until then')
  const without = chunks('thinking', { includeUsage: false }).slice(0, -1) as Chunk[]
  t.ok(without.every((chunk) => !('usage' in chunk) && chunk.choices.length === 1))
})

t.test('thinking is told as reasoning_content', async (t) => {
  t.same(told('thinking').deltas.slice(1), [
    { reasoning_content: 'First, ' }, { reasoning_content: 'a "thought".' }, { content: 'Then' }, { content: ' text.' }
  ])
})

t.test('calls are numbered in their order, interleaved or not, and each has arguments', async (t) => {
  const { deltas, finish } = told('tools')
  const head = (index: number, id: string, name: string) => ({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] })
  const part = (index: number, text: string) => ({ tool_calls: [{ index, function: { arguments: text } }] })
  t.same(deltas.slice(2), [
    head(0, 'toolu_01', 'get_weather'),
    part(0, '{"city": '),
    part(0, '"Tromsø \ud83c'),
    head(1, 'toolu_02', 'get_time'),
    part(1, '{"zone":'),
    part(0, '\udf0c"}'),
    part(1, '"UTC\\n"}'),
    head(2, 'toolu_03', 'now'),
    part(2, '{}'),
    head(3, 'toolu_04', 'whole'),
    part(3, '{"given":"at once"}')
  ])
  t.equal(finish, 'tool_calls')
})

t.test('the old functions have one call', async (t) => {
  const { deltas, finish } = told('tools', { legacyFunctions: true })
  t.same(deltas.slice(2), [
    { function_call: { name: 'get_weather', arguments: '' } },
    { function_call: { arguments: '{"city": ' } },
    { function_call: { arguments: '"Tromsø \ud83c' } },
    { function_call: { arguments: '\udf0c"}' } }
  ])
  t.equal(finish, 'function_call')
})

t.test('a freeform tool gets its text, not the object around it', async (t) => {
  t.same(told('custom-tool').deltas.slice(1), [
    { tool_calls: [{ index: 0, id: 'toolu_09', type: 'custom', custom: { name: 'patch', input: '' } }] },
    { tool_calls: [{ index: 0, custom: { input: '*** Begin Patch\n+"é" 😀' } }] }
  ])
})

t.test('the tool that stands in for structured output is text', async (t) => {
  t.same(told('json-tool'), { deltas: [FIRST, { content: '{"answer":' }, { content: '42}' }], finish: 'stop' })
})

t.test('a refusal is told, with what was said before', async (t) => {
  t.same(told('refusal'), { deltas: [FIRST, { content: 'I can' }, { refusal: 'That would do harm.' }], finish: 'content_filter' })
})

t.test('an answer that was cut off says so', async (t) => {
  t.equal(told('cut-off').finish, 'length')
})

t.test('an answer without a word is one', async (t) => {
  t.same(told('empty'), { deltas: [FIRST], finish: 'stop' })
})

t.test('what nobody knows is passed over, however it is written', async (t) => {
  const { deltas, finish } = told('odd')
  t.same(deltas.slice(1).map((delta) => (delta as { content: string }).content), ['begun ', 'other order ', 'with blanks ', 'more ', 'crlf ', 'two lines'])
  t.equal(finish, 'stop')
})

t.test('every stop reason has its finish reason', async (t) => {
  const reasons = {
    end_turn: 'stop', stop_sequence: 'stop', pause_turn: 'stop', compaction: 'stop', something_new: 'stop', max_tokens: 'length', model_context_window_exceeded: 'length', refusal: 'content_filter'
  }
  for (const [reason, finish] of Object.entries(reasons)) {
    const bytes = Buffer.from(stream('empty').toString().replace('"end_turn"', `"${reason}"`))
    const context = chatContext()
    const text = translated(new Translator(new ChatStream(context, CREATED), context), [bytes])
    t.ok(text.includes(`"finish_reason":"${finish}"`), reason)
  }
})

t.test('a stream that fails holds neither a finish reason nor an end', async (t) => {
  checkFailed(t, 'error', { type: 'overloaded_error', message: 'Overloaded' })
})

function checkFailed (t: Test, name: Name, error: object): void {
  const context = chatContext()
  const translator = new Translator(new ChatStream(context, CREATED), context)
  const text = translator.read(stream(name)).toString()
  t.same(translator.error, error)
  t.ok(translator.over)
  t.notMatch(text, /\[DONE\]|"finish_reason":"/)
  const told = { message: 'Overloaded', type: 'server_error', param: null, code: null }
  t.same(eventsIn(translator.failure(told)), [{ error: told }])
}
