import t from 'tap'
import { ChatAnswer } from '../../src/translate/chat-answer.ts'
import { Translator } from '../../src/translate/translator.ts'
import { chatContext, CREATED, stream, translated, type STREAMS } from './helpers/streams.ts'

interface Completion { choices: Array<{ message: object, finish_reason: string }>, usage: object }

function answer (name: typeof STREAMS[number], changes = {}): Completion {
  const context = chatContext({ stream: false, ...changes })
  return JSON.parse(translated(new Translator(new ChatAnswer(context, CREATED), context), [stream(name)])) as Completion
}

t.test('a text, whole', async (t) => {
  t.strictSame(answer('text'), {
    id: 'chatcmpl-01madeup',
    object: 'chat.completion',
    created: CREATED,
    model: 'gpt-5',
    system_fingerprint: null,
    choices: [{
      index: 0,
      message: { role: 'assistant', content: 'Grüße, 世界 👋\n"quoted" \\ back/slash é 😀 end\\!', refusal: null },
      logprobs: null,
      finish_reason: 'stop'
    }],
    usage: {
      prompt_tokens: 132,
      completion_tokens: 42,
      total_tokens: 174,
      prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 7 },
      completion_tokens_details: { reasoning_tokens: 0 }
    }
  })
})

t.test('thinking stands beside the text', async (t) => {
  t.match(answer('thinking'), { choices: [{ message: { content: 'Then text.', reasoning_content: 'First, a "thought".' } }], usage: { completion_tokens_details: { reasoning_tokens: 12 } } })
})

t.test('calls, with the text before them', async (t) => {
  const [choice] = answer('tools').choices
  t.strictSame(choice?.message, {
    role: 'assistant',
    content: 'Let me look.',
    refusal: null,
    tool_calls: [
      { id: 'toolu_01', type: 'function', function: { name: 'get_weather', arguments: '{"city": "Tromsø 🌌"}' } },
      { id: 'toolu_02', type: 'function', function: { name: 'get_time', arguments: '{"zone":"UTC\\n"}' } },
      { id: 'toolu_03', type: 'function', function: { name: 'now', arguments: '{}' } },
      { id: 'toolu_04', type: 'function', function: { name: 'whole', arguments: '{"given":"at once"}' } }
    ]
  })
  t.equal(choice?.finish_reason, 'tool_calls')
})

t.test('the old functions have one call', async (t) => {
  t.match(answer('tools', { legacyFunctions: true }), {
    choices: [{ message: { function_call: { name: 'get_weather', arguments: '{"city": "Tromsø 🌌"}' }, tool_calls: undefined }, finish_reason: 'function_call' }]
  })
})

t.test('a freeform tool gets its text', async (t) => {
  t.match(answer('custom-tool'), {
    choices: [{ message: { content: null, tool_calls: [{ id: 'toolu_09', type: 'custom', custom: { name: 'patch', input: '*** Begin Patch\n+"é" 😀' } }] } }]
  })
})

t.test('the tool that stands in for structured output is the content', async (t) => {
  t.match(answer('json-tool'), { choices: [{ message: { content: '{"answer":42}', tool_calls: undefined }, finish_reason: 'stop' }] })
})

t.test('a refusal', async (t) => {
  t.match(answer('refusal'), { choices: [{ message: { content: 'I can', refusal: 'That would do harm.' }, finish_reason: 'content_filter' }] })
})

t.test('an answer that was cut off keeps what there is of its call', async (t) => {
  t.match(answer('cut-off'), { choices: [{ message: { tool_calls: [{ function: { arguments: '{"city":"Os' } }] }, finish_reason: 'length' }] })
})

t.test('nothing said is null', async (t) => {
  t.match(answer('empty'), { choices: [{ message: { content: null } }] })
})

t.test('nothing is told before the end, nor of a stream that fails', async (t) => {
  const context = chatContext({ stream: false })
  const translator = new Translator(new ChatAnswer(context, CREATED), context)
  t.equal(translator.read(stream('error')).length, 0)
  t.same(translator.error, { type: 'overloaded_error', message: 'Overloaded' })
})
