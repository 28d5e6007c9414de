import t from 'tap'
import { ChatAnswer } from '../../src/translate/chat-answer.ts'
import { ChatStream } from '../../src/translate/chat-stream.ts'
import { Translator } from '../../src/translate/translator.ts'
import { GatewayError } from '../../src/errors.ts'
import { TranslationSink } from '../../src/upstreams/translation-sink.ts'
import { CollectingSink } from '../helpers/collecting-sink.ts'
import { chatContext, CREATED, stream } from '../translate/helpers/streams.ts'

const SSE = { 'content-type': 'text/event-stream; charset=utf-8', 'content-length': '5', 'request-id': 'req_1' }

function through (streaming: boolean) {
  const context = chatContext({ stream: streaming })
  const next = new CollectingSink()
  const writer = streaming ? new ChatStream(context, CREATED) : new ChatAnswer(context, CREATED)
  return { next, sink: new TranslationSink(next, new Translator(writer, context), streaming) }
}

t.test('a stream begins with its first chunk, and ends with the upstream\'s', async (t) => {
  const { next, sink } = through(true)
  sink.start(200, SSE)
  sink.data(Buffer.from('event: ping\ndata: {"type":"ping"}\n\n'))
  t.equal(next.status, null, 'nothing to tell yet')
  sink.data(stream('text'))
  t.match(next, { status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8', 'request-id': 'req_1', 'content-length': undefined } })
  t.equal(next.ended, 0)
  sink.end()
  t.equal(next.ended, 1)
  t.match(next.text, /data: \[DONE\]\n\n$/)
})

t.test('a whole answer is told at the end, with its length', async (t) => {
  const { next, sink } = through(false)
  sink.start(200, SSE)
  const bytes = stream('text')
  sink.data(bytes.subarray(0, 900))
  t.equal(next.status, null)
  sink.data(bytes.subarray(900))
  sink.end()
  t.match(next, { status: 200, headers: { 'content-type': 'application/json; charset=utf-8', 'content-length': String(Buffer.byteLength(next.text)) }, ended: 1 })
  t.match(JSON.parse(next.text), { object: 'chat.completion' })
})

t.test('an error of the upstream is told in OpenAI\'s envelope, with the headers it came with', async (t) => {
  for (const streaming of [true, false]) {
    const { next, sink } = through(streaming)
    sink.start(529, { 'content-type': 'application/json', 'content-length': '9', 'retry-after': '3' })
    const body = Buffer.from('{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}')
    sink.data(body.subarray(0, 20))
    sink.data(body.subarray(20))
    sink.end()
    t.match(next, { status: 503, headers: { 'retry-after': '3', 'content-length': String(Buffer.byteLength(next.text)) }, ended: 1 })
    t.same(JSON.parse(next.text), { error: { message: 'Overloaded', type: 'server_error', param: null, code: null } })
  }
})

t.test('an error that comes first is a failure before anything was told; one that comes later, after it', async (t) => {
  for (const streaming of [true, false]) {
    const { next, sink } = through(streaming)
    sink.start(200, SSE)
    sink.data(Buffer.from('event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'))
    sink.end()
    t.equal(next.status, null)
    t.match(next.errors, [{ type: 'overloaded_error', status: 529, message: 'Overloaded' }])
    t.equal(next.ended, 0)
  }
  const { next, sink } = through(true)
  sink.start(200, SSE)
  sink.data(stream('error'))
  sink.end()
  t.equal(next.status, 200)
  t.match(next.text, /Half an /)
  t.match(next.errors, [{ type: 'overloaded_error' }])
  t.equal(next.ended, 0)
})

t.test('an error of a kind that nobody knows is the upstream\'s fault', async (t) => {
  const { next, sink } = through(true)
  sink.start(200, SSE)
  sink.data(Buffer.from('event: error\ndata: {"type":"error","error":{"type":"shiny_error"}}\n\n'))
  t.match(next.errors, [{ type: 'api_error', status: 500 }])
})

t.test('what is not JSON, or no stream, is told as a fault of the upstream', async (t) => {
  const broken = through(true)
  broken.sink.start(200, SSE)
  broken.sink.data(Buffer.from('data: {"type"\n\n'))
  t.match(broken.next.errors, [{ type: 'api_error', message: /not JSON/ }])
  const whole = through(true)
  whole.sink.start(200, { 'content-type': 'application/json' })
  whole.sink.data(Buffer.from('{}'))
  whole.sink.end()
  t.match(whole.next.errors, [{ status: 502, code: 'upstream_content_type' }])
})

t.test('an end too early is a failure', async (t) => {
  const { next, sink } = through(false)
  sink.start(200, SSE)
  sink.data(stream('text').subarray(0, 900))
  sink.end()
  t.match(next.errors, [{ code: 'upstream_truncated' }])
})

t.test('an answer that has come to its end stays whole, however its connection ends', async (t) => {
  for (const streaming of [true, false]) {
    const { next, sink } = through(streaming)
    sink.start(200, SSE)
    sink.data(stream('text'))
    const { text } = next
    sink.fail(new GatewayError('api_error', 'gone'))
    t.match(next, { ended: 1, errors: [], text })
  }
  const { next, sink } = through(true)
  sink.start(200, SSE)
  sink.data(stream('error'))
  sink.fail(new GatewayError('api_error', 'gone'))
  t.equal(next.ended, 0, 'one that told of an error is none')
})

t.test('a failure of the connection and a wish to pause are passed on', async (t) => {
  const { next, sink } = through(true)
  next.more = false
  sink.start(200, SSE)
  t.equal(sink.data(stream('text').subarray(0, 900)), false)
  sink.fail(new GatewayError('api_error', 'gone'))
  t.match(next.errors, [{ message: 'gone' }])
})

t.test('an error that is endless is not read to its end', async (t) => {
  const { next, sink } = through(true)
  sink.start(500, { 'content-type': 'text/plain' })
  for (let index = 0; index < 100; index++) sink.data(Buffer.alloc(10_000, 'x'))
  sink.end()
  t.match(JSON.parse(next.text), { error: { message: /status 500/ } })
})
