import t from 'tap'
import { GatewayError } from '../../src/errors.ts'
import { FirstEventHold, type Opening } from '../../src/upstreams/first-event-hold.ts'
import { CollectingSink } from '../helpers/collecting-sink.ts'
import { MESSAGE_START, SSE_HEADERS, textDelta } from '../helpers/upstream.ts'

function held (verdict = true) {
  const sink = new CollectingSink()
  const openings: Opening[] = []
  const hold = new FirstEventHold(sink, (opening) => {
    openings.push(opening)
    return verdict
  })
  return { hold, sink, openings }
}

t.test('a stream is kept back until its first event is whole, wherever it is cut', async (t) => {
  const first = Buffer.from(MESSAGE_START)
  for (let at = 1; at < first.length; at++) {
    const { hold, sink, openings } = held()
    hold.start(200, SSE_HEADERS)
    hold.data(first.subarray(0, at))
    if (sink.status !== null || openings.length > 0) t.fail(`let through after ${at} bytes`)
    hold.data(first.subarray(at))
    if (sink.text !== MESSAGE_START || openings[0]?.bytes.toString() !== MESSAGE_START) t.fail(`not let through when cut at ${at}`)
  }
  t.pass()
})

t.test('after that, chunks pass as they are', async (t) => {
  const { hold, sink, openings } = held()
  hold.start(200, SSE_HEADERS)
  hold.data(Buffer.from(MESSAGE_START))
  const chunk = Buffer.from(textDelta('x'))
  sink.more = false
  t.equal(hold.data(chunk), false, 'and so does the plea to pause')
  t.equal(sink.chunks[1], chunk)
  hold.end()
  t.equal(sink.ended, 1)
  t.equal(openings.length, 1)
})

t.test('any other answer is kept back until it is whole', async (t) => {
  const { hold, sink, openings } = held()
  hold.start(429, { 'content-type': 'application/json', 'retry-after': '3' })
  hold.data(Buffer.from('{"a":'))
  hold.data(Buffer.from('1}'))
  t.equal(sink.status, null)
  hold.end()
  t.equal(sink.status, 429)
  t.equal(sink.text, '{"a":1}')
  t.equal(sink.ended, 1)
  t.match(openings, [{ status: 429, headers: { 'retry-after': '3' } }])
})

t.test('an empty answer passes', async (t) => {
  const { hold, sink } = held()
  hold.start(200, {})
  hold.end()
  t.equal(sink.status, 200)
  t.equal(sink.ended, 1)
  t.same(sink.chunks, [])
})

t.test('an answer that breaks off while it is held reaches nobody but as an error', async (t) => {
  const { hold, sink } = held()
  hold.start(200, { 'content-type': 'application/json' })
  hold.data(Buffer.from('{"half":'))
  hold.fail(new GatewayError('api_error', 'broken'))
  t.equal(sink.status, null)
  t.same(sink.chunks, [])
  t.equal(sink.errors.length, 1)
})

t.test('a rejected answer leaves no trace', async (t) => {
  const { hold, sink } = held(false)
  hold.start(302, {})
  hold.data(Buffer.from('moved'))
  hold.end()
  hold.fail(new GatewayError('api_error', 'late'))
  t.equal(sink.status, null)
  t.equal(sink.ended, 0)
  t.same(sink.errors, [])
})

t.test('what grows too large is let through unjudged by its end', async (t) => {
  const { hold, sink } = held()
  hold.start(200, { 'content-type': 'application/json' })
  const chunk = Buffer.alloc(100 * 1024, 'x')
  hold.data(chunk)
  hold.data(chunk)
  t.equal(sink.status, null)
  hold.data(chunk)
  t.equal(sink.status, 200)
  t.equal(Buffer.concat(sink.chunks).length, 3 * chunk.length)
})

t.test('a stream that ends before its first event is whole is no answer', async (t) => {
  for (const text of ['', 'event: message_st', MESSAGE_START.slice(0, -1)]) {
    const { hold, sink, openings } = held()
    hold.start(200, SSE_HEADERS)
    if (text !== '') hold.data(Buffer.from(text))
    hold.end()
    t.equal(sink.status, null)
    t.equal(sink.ended, 0)
    t.match(sink.errors, [{ status: 502, code: 'upstream_truncated' }])
    t.same(openings, [], 'and nobody judges it')
  }
})
