import t from 'tap'
import { eventsOf, messageOf } from '../../src/simulator/events.ts'
import { parseEvents } from './helpers.ts'
import type { Answer } from '../../src/simulator/types.ts'

const ANSWER: Answer = {
  id: 'msg_1',
  model: 'claude-opus-5-5',
  parts: [
    { type: 'thinking', pieces: ['So', ' be it.'], tokens: 2, signature: 'c2lnbmVk' },
    { type: 'text', pieces: ['Hello', ' 🌍'], tokens: 2 },
    { type: 'tool_use', pieces: ['', '{"a":', '1}'], tokens: 3, id: 'toolu_1', name: 'Bash', input: { a: 1 } }
  ],
  stopReason: 'tool_use',
  stopSequence: null,
  usage: {
    input_tokens: 25,
    cache_creation_input_tokens: 7,
    cache_read_input_tokens: 100,
    cache_creation: { ephemeral_5m_input_tokens: 5, ephemeral_1h_input_tokens: 2 }
  }
}
const events = () => parseEvents([...eventsOf(ANSWER)].join(''))

/** What an SDK makes of a stream. */
function accumulate (): any {
  const message: any = {}
  for (const { event, data } of events()) {
    switch (event) {
      case 'message_start':
        Object.assign(message, data.message)
        break
      case 'content_block_start':
        message.content[data.index] = { ...data.content_block, json: '' }
        break
      case 'content_block_delta': {
        const block = message.content[data.index]
        if (data.delta.type === 'text_delta') block.text += data.delta.text
        if (data.delta.type === 'thinking_delta') block.thinking += data.delta.thinking
        if (data.delta.type === 'signature_delta') block.signature += data.delta.signature
        if (data.delta.type === 'input_json_delta') block.json += data.delta.partial_json
        break
      }
      case 'content_block_stop': {
        const block = message.content[data.index]
        if (block.type === 'tool_use') block.input = JSON.parse(block.json)
        delete block.json
        break
      }
      case 'message_delta':
        Object.assign(message, data.delta)
        Object.assign(message.usage, data.usage)
    }
  }
  return message
}

t.test('a stream gathered up is the message of a call without streaming', async (t) => {
  t.same({ ...accumulate(), container: null, diagnostics: null }, messageOf(ANSWER))
})

t.test('the order of the events is the protocol\'s', async (t) => {
  t.same(events().map(({ event, data }) => data.delta?.type ?? event), [
    'message_start',
    'content_block_start', 'ping', 'thinking_delta', 'thinking_delta', 'signature_delta', 'content_block_stop',
    'content_block_start', 'text_delta', 'text_delta', 'content_block_stop',
    'content_block_start', 'input_json_delta', 'input_json_delta', 'input_json_delta', 'content_block_stop',
    'message_delta', 'message_stop'
  ])
})

t.test('message_start holds an empty message', async (t) => {
  t.match(events()[0]?.data.message, { id: 'msg_1', role: 'assistant', content: [], stop_reason: null, usage: { input_tokens: 25, output_tokens: 1 } })
})

t.test('the first delta of a tool\'s input is empty', async (t) => {
  t.equal(events().find(({ data }) => data.delta?.type === 'input_json_delta')?.data.delta.partial_json, '')
})

t.test('the usage of message_delta is that of the whole answer', async (t) => {
  t.same(events().at(-2)?.data.usage, {
    input_tokens: 25,
    cache_creation_input_tokens: 7,
    cache_read_input_tokens: 100,
    output_tokens: 7,
    output_tokens_details: { thinking_tokens: 2 },
    server_tool_use: null
  })
})

t.test('an answer without parts has no blocks', async (t) => {
  const names = parseEvents([...eventsOf({ ...ANSWER, parts: [] })].join('')).map(({ event }) => event)
  t.same(names, ['message_start', 'message_delta', 'message_stop'])
})
