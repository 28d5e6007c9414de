import t, { type Test } from 'tap'
import type { ServerResponse } from 'node:http'
import { EventEmitter } from 'node:events'
import { GatewayError } from '../../src/errors.ts'
import { ClientSink } from '../../src/upstreams/client-sink.ts'
import { MESSAGE_START, SSE_HEADERS, textDelta } from '../helpers/upstream.ts'

/** A response that keeps what is written to it. */
class FakeResponse extends EventEmitter {
  written = ''
  headersSent = false
  destroyed = false
  ended = false
  socket = null
  writeHead (): void { this.headersSent = true }
  write (bytes: Buffer | string): boolean {
    this.written += bytes.toString('latin1')
    return true
  }

  end (bytes: Buffer | string = ''): void {
    this.written += bytes.toString('latin1')
    this.ended = true
  }

  destroy (): void { this.destroyed = true }
}

function startSink (t: Test) {
  const raw = new FakeResponse()
  const sink = new ClientSink(raw as unknown as ServerResponse, {
    envelope: 'anthropic', requestId: 'req_made_up', stallTimeout: 60_000, quietTicks: 1, trace: null, onClose () {}, onStart () {}
  })
  t.teardown(() => raw.emit('close'))
  sink.start(200, SSE_HEADERS)
  return { raw, sink }
}

/** What was written is on its way when the turn that brought it ends. */
const endOfTurn = () => new Promise<void>((resolve) => process.nextTick(resolve))

const FAULT = new GatewayError('api_error', 'broken off')
const LARGE = `event: content_block_start\ndata: {"x":"${'y'.repeat(300 * 1024)}`

t.test('whole events leave at once, the half of one waits', async (t) => {
  const { raw, sink } = startSink(t)
  const delta = textDelta('hello')
  sink.data(Buffer.from(MESSAGE_START + delta.slice(0, 30)))
  await endOfTurn()
  t.equal(raw.written, MESSAGE_START)
  sink.data(Buffer.from(delta.slice(30, 40)))
  await endOfTurn()
  t.equal(raw.written, MESSAGE_START)
  sink.data(Buffer.from(delta.slice(40) + delta.slice(0, 5)))
  await endOfTurn()
  t.equal(raw.written, MESSAGE_START + delta)
})

t.test('a half that will never be whole is dropped for the error event', async (t) => {
  const { raw, sink } = startSink(t)
  sink.data(Buffer.from(MESSAGE_START + 'event: content_block_del'))
  sink.fail(FAULT)
  await endOfTurn()
  t.match(raw.written.slice(MESSAGE_START.length), /^event: error\ndata: .*"broken off".*\n\n$/)
  t.equal(raw.ended, true)
})

t.test('a proper end takes with it whatever was still waiting', async (t) => {
  const { raw, sink } = startSink(t)
  sink.data(Buffer.from(MESSAGE_START + ': no blank line'))
  sink.end()
  await endOfTurn()
  t.equal(raw.written, MESSAGE_START + ': no blank line')
})

t.test('an event too large to wait for is let through as it comes', async (t) => {
  const { raw, sink } = startSink(t)
  sink.data(Buffer.from(MESSAGE_START + LARGE.slice(0, 100)))
  sink.data(Buffer.from(LARGE.slice(100)))
  await endOfTurn()
  t.equal(raw.written, MESSAGE_START + LARGE)
  sink.data(Buffer.from('more'))
  await endOfTurn()
  t.equal(raw.written, MESSAGE_START + LARGE + 'more')
  sink.tick()
  sink.tick()
  await endOfTurn()
  t.equal(raw.written, MESSAGE_START + LARGE + 'more', 'no ping inside it')
  sink.data(Buffer.from('"}\n\nevent'))
  await endOfTurn()
  t.ok(raw.written.endsWith('more"}\n\n'), 'and behind it, halves wait again')
})

t.test('when the upstream breaks off inside such an event the connection is cut: nothing readable can follow', async (t) => {
  const { raw, sink } = startSink(t)
  sink.data(Buffer.from(MESSAGE_START + LARGE))
  sink.fail(FAULT)
  await endOfTurn()
  t.equal(raw.written, MESSAGE_START + LARGE)
  t.equal(raw.destroyed, true)
})
