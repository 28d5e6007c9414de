import t from 'tap'
import { emptyUsage } from '../../src/upstreams/usage.ts'
import { UsageTap } from '../../src/upstreams/usage-tap.ts'
import { CollectingSink } from '../helpers/collecting-sink.ts'
import { event, MESSAGE_START, SSE_HEADERS, textDelta, wholeStream } from '../helpers/upstream.ts'

const JSON_HEADERS = { 'content-type': 'application/json' }

function tapped (headers: Record<string, string>, chunks: Buffer[], status = 200) {
  const sink = new CollectingSink()
  const usage = emptyUsage()
  const tap = new UsageTap(sink, usage)
  tap.start(status, headers)
  for (const chunk of chunks) tap.data(chunk)
  tap.end()
  return { sink, usage }
}

const WHOLE = { inputTokens: 25, outputTokens: 42, cacheReadTokens: 100, cacheCreationTokens: 7 }
const STREAM = Buffer.from(wholeStream('héllo', 'event: message_delta', '\nevent: message_stop\n\n', '🙂'))

t.test('cut anywhere, a stream gives the same usage, ends well and passes untouched', async (t) => {
  let wrong = 0
  for (let at = 0; at <= STREAM.length; at++) {
    const { sink, usage } = tapped(SSE_HEADERS, [STREAM.subarray(0, at), STREAM.subarray(at)])
    const same = JSON.stringify(usage) === JSON.stringify(WHOLE) && Buffer.concat(sink.chunks).equals(STREAM) && sink.ended === 1
    if (!same) wrong++
  }
  t.equal(wrong, 0)
})

t.test('byte by byte too, also with CRLF', async (t) => {
  const crlf = Buffer.from(STREAM.toString().replaceAll('\n', '\r\n'))
  for (const bytes of [STREAM, crlf]) {
    const { sink, usage } = tapped(SSE_HEADERS, [...bytes].map((byte) => Buffer.of(byte)))
    t.same(usage, WHOLE)
    t.equal(sink.ended, 1)
    t.ok(Buffer.concat(sink.chunks).equals(bytes))
  }
})

t.test('chunks are handed on as the very objects they came as', async (t) => {
  const chunks = [STREAM.subarray(0, 100), STREAM.subarray(100)]
  const { sink } = tapped(SSE_HEADERS, chunks)
  t.equal(sink.chunks[0], chunks[0])
  t.equal(sink.chunks[1], chunks[1])
})

t.test('a null in message_delta keeps what message_start said', async (t) => {
  const { usage } = tapped(SSE_HEADERS, [Buffer.from(MESSAGE_START +
    event('message_delta', { delta: {}, usage: { input_tokens: null, output_tokens: 7 } }) + event('message_stop'))])
  t.same(usage, { ...WHOLE, outputTokens: 7 })
})

t.test('a stream that ends without message_stop has failed', async (t) => {
  const { sink, usage } = tapped(SSE_HEADERS, [Buffer.from(MESSAGE_START + textDelta('message_stop'))])
  t.equal(sink.ended, 0)
  t.match(sink.errors, [{ code: 'upstream_truncated', status: 502 }])
  t.same(usage, { ...WHOLE, outputTokens: 1 }, 'what is known of its cost is kept')
})

t.test('a stream that ends with its own error event needs no second one', async (t) => {
  const { sink } = tapped(SSE_HEADERS, [Buffer.from(MESSAGE_START + event('error', { error: { type: 'overloaded_error', message: 'Overloaded' } }))])
  t.equal(sink.ended, 1)
  t.same(sink.errors, [])
})

t.test('text that looks like the end is not taken for it', async (t) => {
  const { sink } = tapped(SSE_HEADERS, [Buffer.from(MESSAGE_START + textDelta('\n\nevent: message_stop\ndata: {}\n\n'))])
  t.equal(sink.ended, 0)
})

t.test('a JSON answer is counted when it is whole', async (t) => {
  const body = Buffer.from(JSON.stringify({ content: [{ type: 'text', text: '"usage":{"input_tokens":1}' }], usage: { input_tokens: 5, output_tokens: 6 } }))
  const { usage, sink } = tapped(JSON_HEADERS, [body.subarray(0, 10), body.subarray(10)])
  t.match(usage, { inputTokens: 5, outputTokens: 6, cacheReadTokens: null })
  t.equal(sink.ended, 1)
})

t.test('an answer that cannot be read is passed on uncounted', async (t) => {
  for (const body of ['', 'not json', 'null', '[]', '{"usage":3}']) {
    const { usage, sink } = tapped(JSON_HEADERS, [Buffer.from(body)])
    t.same(usage, emptyUsage())
    t.equal(sink.text, body)
    t.equal(sink.ended, 1)
  }
})

t.test('an error answer is not looked at', async (t) => {
  const { sink } = tapped(SSE_HEADERS, [Buffer.from('half an ev')], 500)
  t.equal(sink.ended, 1)
  t.same(sink.errors, [])
})

t.test('the blank behind a field\'s colon may be missing', async (t) => {
  const tight = STREAM.toString().replaceAll(/^(event|data): /gm, '$1:')
  const { usage, sink } = tapped(SSE_HEADERS, [Buffer.from(tight)])
  t.same(usage, WHOLE)
  t.equal(sink.ended, 1)
  const failed = tapped(SSE_HEADERS, [Buffer.from(tight.slice(0, tight.indexOf('event:message_delta')) + 'event:error\ndata:{}\n\n')])
  t.equal(failed.sink.ended, 1, 'an error event is seen too')
})

t.test('of a JSON answer the usage of the message is counted, wherever the word stands besides', async (t) => {
  const usage = { input_tokens: 1, output_tokens: 2 }
  const other = { input_tokens: 9, output_tokens: 9 }
  const answers: Record<string, string> = {
    'at its end': JSON.stringify({ content: [], usage }),
    'in its middle': JSON.stringify({ usage, stop_reason: 'end_turn', container: null }),
    'with a tool input of that name before it': JSON.stringify({ content: [{ input: { usage: other } }], usage }),
    'with one behind it': JSON.stringify({ usage, content: [{ input: { usage: other } }] }),
    'with the word in a text': JSON.stringify({ usage, content: [{ text: '","usage":{"input_tokens":9}' }] }),
    'with the word at the end of a name': JSON.stringify({ usage, 'x"usage': other }),
    'with blanks': '{ "content" : [ ] , "usage" : { "input_tokens" : 1 , "output_tokens" : 2 } }'
  }
  for (const [name, answer] of Object.entries(answers)) {
    t.match(tapped(JSON_HEADERS, [Buffer.from(answer)]).usage, { inputTokens: 1, outputTokens: 2 }, name)
  }
  t.match(tapped(JSON_HEADERS, [Buffer.from(JSON.stringify({ content: [{ input: { usage: other } }] }))]).usage, { inputTokens: null }, 'none but in a tool input')
})
