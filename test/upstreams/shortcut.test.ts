import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import fc from 'fast-check'
import type { Dispatcher } from 'undici'
import type { GatewayError } from '../../src/errors.ts'
import { ClientSink, type ClientSinkOptions } from '../../src/upstreams/client-sink.ts'
import { FirstEventHold } from '../../src/upstreams/first-event-hold.ts'
import { MadeFilesTap } from '../../src/upstreams/made-files-tap.ts'
import type { DeltaSink, Sink } from '../../src/upstreams/sink.ts'
import { EventSplitter } from '../../src/upstreams/sse-bytes.ts'
import { emptyUsage } from '../../src/upstreams/usage.ts'
import { UpstreamFlow } from '../../src/upstreams/upstream-flow.ts'
import { UsageTap } from '../../src/upstreams/usage-tap.ts'
import { CRLF_FIXTURE, FIXTURE, USAGE } from '../pipeline/fixture.ts'
import { Collector, JSON_BODY, pass, STREAM } from '../pipeline/stages.ts'
import { send } from '../helpers/raw-client.ts'
import { event, MESSAGE_END, MESSAGE_START, textDelta } from '../helpers/upstream.ts'
import { until } from '../helpers/until.ts'

/** The last stage, with a shortcut that is open between two events, as the client's is. */
class OpenCollector extends Collector implements DeltaSink {
  readonly deltas: string[] = []
  readonly #events = new EventSplitter()
  /** What `delta` answers. */
  more = true

  override data (chunk: Buffer): boolean {
    this.#events.split(chunk)
    return super.data(chunk)
  }

  shortcut (): DeltaSink | null {
    return this.#events.between ? this : null
  }

  delta (bytes: Buffer): boolean {
    this.chunks.push(bytes)
    this.deltas.push(bytes.toString())
    return this.more
  }
}

/** The last stage, which takes each lone delta, wherever it comes: what keeps one from it is a stage before. */
class AlwaysOpenCollector extends OpenCollector {
  override shortcut (): DeltaSink {
    return this
  }
}

/** undici's controller, as far as a flow uses it. */
class FakeController implements Dispatcher.DispatchController {
  pauses = 0
  resumes = 0
  aborted = false
  reason: Error | null = null
  paused = false

  pause (): void {
    this.pauses++
    this.paused = true
  }

  resume (): void {
    this.resumes++
    this.paused = false
  }

  abort (reason: Error): void {
    this.aborted = true
    this.reason = reason
  }
}

/** A flow that is fed by hand, in front of a sink. */
function fed (sink: Sink, headers: IncomingHttpHeaders = STREAM) {
  const controller = new FakeController()
  let done = 0
  const flow = new UpstreamFlow(sink, () => { done++ })
  flow.onRequestStart(controller)
  flow.onResponseStart(controller, 200, headers)
  return {
    flow,
    controller,
    get done () { return done },
    data: (chunk: string | Buffer) => flow.onResponseData(controller, Buffer.from(chunk)),
    end: () => flow.onResponseEnd()
  }
}

/** The stages between a flow and the last one. */
function stages (last: Sink) {
  const usage = emptyUsage()
  return { usage, first: new FirstEventHold(new UsageTap(last, usage), () => true) }
}

/** Sends a stream through flow and stages, in the given chunks. */
function flowThrough (chunks: (string | Buffer)[], headers: IncomingHttpHeaders = STREAM) {
  const collector = new OpenCollector()
  const { usage, first } = stages(collector)
  const { data, end, controller } = fed(first, headers)
  for (const chunk of chunks) data(chunk)
  end()
  return { collector, usage, controller }
}

/** A stream's events, each with its blank line. */
function events (text: string): string[] {
  return text.match(/.*?\n\r?\n/gs)!
}

/** A text cut at one byte and between all events. */
function cutAt (pieces: Buffer[], cut: number): Buffer[] {
  let before = 0
  return pieces.flatMap((piece) => {
    const at = cut - before
    before += piece.length
    return at > 0 && at < piece.length ? [piece.subarray(0, at), piece.subarray(at)] : [piece]
  })
}

/** What the last stage was told, and what was counted. */
function told ({ bytes, outcome }: Collector, usage: object): string {
  return JSON.stringify({ text: bytes.toString('latin1'), outcome: typeof outcome === 'string' ? outcome : outcome.code, usage })
}

/** One assertion would be thousands; only a difference is told. */
function sameAsWithout (t: Test, chunks: Buffer[], how: string): boolean {
  const plain = pass(chunks, STREAM)
  const { collector, usage } = flowThrough(chunks)
  const [expected, found] = [told(plain.collector, plain.usage), told(collector, usage)]
  if (found !== expected) t.equal(found, expected, how)
  return found === expected
}

const DELTA = textDelta('x')
const LONE = FIXTURE.match(/event: content_block_.*?\n\n/gs)!

for (const [name, text] of [['a stream', FIXTURE], ['a stream with CRLF', CRLF_FIXTURE]] as const) {
  const bytes = Buffer.from(text)
  const pieces = events(text).map((piece) => Buffer.from(piece))

  t.test(`${name} event by event: the bytes and the usage are the same as without shortcut`, async (t) => {
    t.equal(Buffer.concat(pieces).toString(), text, 'nothing is left out')
    t.ok(sameAsWithout(t, pieces, 'event by event'))
    const { collector, usage } = flowThrough(pieces)
    t.equal(collector.outcome, 'ended')
    t.ok(collector.bytes.equals(bytes))
    t.same(usage, USAGE)
  })

  t.test(`${name} cut in two at every byte`, async (t) => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      if (!sameAsWithout(t, [bytes.subarray(0, cut), bytes.subarray(cut)], `cut at byte ${cut}`)) return
    }
    t.pass(`${bytes.length + 1} cuts`)
  })

  t.test(`${name} event by event, and cut at every byte besides`, async (t) => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      if (!sameAsWithout(t, cutAt(pieces, cut), `cut at byte ${cut}`)) return
    }
    t.pass(`${bytes.length + 1} cuts`)
  })

  t.test(`${name} cut at every byte, with a lone delta behind the cut`, async (t) => {
    // What was meant as one event is now in the midst of another: bytes and counts must be what they are to somebody who looks at everything.
    for (let cut = 0; cut <= bytes.length; cut++) {
      if (!sameAsWithout(t, [bytes.subarray(0, cut), Buffer.from(DELTA), bytes.subarray(cut)], `cut at byte ${cut}`)) return
    }
    t.pass(`${bytes.length + 1} cuts`)
  })

  for (const size of [1, 2, 3, 7, 64]) {
    t.test(`${name} in chunks of ${size}`, async (t) => {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size))
      t.ok(sameAsWithout(t, chunks, `chunks of ${size}`))
    })
  }
}

t.test('in any order and any chunking, what is handed on is the same as without shortcut', async (t) => {
  const piece = fc.constantFrom(
    MESSAGE_START, DELTA, textDelta('"\n\nevent: message_stop'), event('content_block_stop', { index: 0 }), 'event: ping\ndata: {}\n\n', MESSAGE_END,
    event('message_delta', { usage: { output_tokens: 7 } }), event('error', { error: {} }), 'event: content_block_delta\r\ndata: {}\r\n\r\n', ': c\n\n',
    'event: m', 'essage_delta\n', 'data: {"usage":{"output_tokens":9}}\n', '\n', '\r\n', 'event: c', 'data: ', 'event: error\n'
  )
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) =>
    sameAsWithout(t, [MESSAGE_START, ...pieces].map((text) => Buffer.from(text)), 'random pieces')
  ), { numRuns: 3_000 })
})

t.test('a lone delta after the first event goes by the shortcut, and is the very object that came', async (t) => {
  const collector = new OpenCollector()
  const { data, flow, controller } = fed(stages(collector).first)
  data(MESSAGE_START)
  const chunk = Buffer.from(DELTA)
  flow.onResponseData(controller, chunk)
  t.same(collector.deltas, [DELTA])
  t.equal(collector.chunks.at(-1), chunk)
})

t.test('of a whole stream exactly those events go by it that are nothing but a part of a content block', async (t) => {
  t.same(flowThrough(events(FIXTURE)).collector.deltas, LONE)
})

t.test('a first event that looks like a delta is held and judged like any other', async (t) => {
  const collector = new OpenCollector()
  const { data } = fed(stages(collector).first)
  data(DELTA)
  t.same(collector.deltas, [])
  t.equal(collector.bytes.toString(), DELTA)
})

t.test('nothing goes by the shortcut before the first event is whole', async (t) => {
  const collector = new OpenCollector()
  const { data } = fed(stages(collector).first)
  data(MESSAGE_START.slice(0, -1))
  data(DELTA)
  t.same(collector.deltas, [])
  t.equal(collector.bytes.toString(), MESSAGE_START.slice(0, -1) + DELTA)
})

t.test('several events in one chunk do not, nor do events of other kinds', async (t) => {
  const others = [DELTA + DELTA, DELTA + MESSAGE_END, 'event: ping\ndata: {}\n\n', ': c\n\n', event('message_delta', {}), event('error', {}), event('x', {}), '\n\n']
  for (const other of others) t.same(flowThrough([MESSAGE_START, other]).collector.deltas, [], JSON.stringify(other))
})

t.test('a chunk that begins in the middle of an event does not, although it looks like a lone delta', async (t) => {
  const halves = {
    'in the name of an event': 'event: content_blo',
    'behind the name of an event': 'event: ping\n',
    'in a data line': 'event: content_block_delta\ndata: {"text":"',
    'between the two line feeds': DELTA.slice(0, -1),
    'between the two line feeds of a message event': MESSAGE_END.slice(0, MESSAGE_END.indexOf('event: message_stop') - 1),
    'in a comment': ': c',
    'between CR and LF': `${DELTA.slice(0, -2)}\r\n\r`
  }
  for (const [where, half] of Object.entries(halves)) {
    for (const chunks of [[MESSAGE_START, half, DELTA], [MESSAGE_START + half, DELTA], [MESSAGE_START, DELTA, half, DELTA]]) {
      const { collector } = flowThrough(chunks)
      t.equal(collector.deltas.length, chunks.length === 4 ? 1 : 0, where)
      t.equal(collector.bytes.toString(), chunks.join(''), where)
    }
  }
})

t.test('but once the event is over, the next one does', async (t) => {
  for (let cut = 1; cut < DELTA.length; cut++) {
    const { collector } = flowThrough([MESSAGE_START, DELTA.slice(0, cut), DELTA.slice(cut), DELTA])
    if (collector.deltas.length !== 1) t.fail(`cut at ${cut}: ${collector.deltas.length} deltas`)
  }
  t.pass()
})

t.test('UsageTap by itself keeps the shortcut closed while a line, or an event that it reads, is not over', async (t) => {
  const open = (...chunks: string[]) => {
    const tap = new UsageTap(new AlwaysOpenCollector(), emptyUsage())
    tap.start(200, STREAM)
    for (const chunk of chunks) tap.data(Buffer.from(chunk))
    return tap.shortcut() !== null
  }
  t.equal(open(), false, 'before anything has come')
  t.equal(open(MESSAGE_START), true)
  t.equal(open(MESSAGE_START, DELTA.slice(0, -5)), false)
  t.equal(open(MESSAGE_START, 'event: message_delta\n'), false)
  t.equal(open(MESSAGE_START, 'event: message_delta\n', 'data: {}\n'), false)
  t.equal(open(MESSAGE_START, 'event: message_delta\n', 'data: {}\n', '\n'), true)
})

t.test('FirstEventHold by itself opens it only once it lets everything pass', async (t) => {
  const held = (judged: boolean, next: Sink = new AlwaysOpenCollector()) => {
    const hold = new FirstEventHold(next, () => judged)
    hold.start(200, STREAM)
    const open = [hold.shortcut() !== null]
    for (const chunk of [MESSAGE_START.slice(0, -1), '\n']) {
      hold.data(Buffer.from(chunk))
      open.push(hold.shortcut() !== null)
    }
    return open
  }
  t.same(held(true), [false, false, true])
  t.same(held(false), [false, false, false], 'a refused answer')
  t.same(held(true, new Collector()), [false, false, false], 'a next stage without one')
})

t.test('of an answer that is no stream nothing goes by it', async (t) => {
  const { collector } = flowThrough([DELTA, DELTA], JSON_BODY)
  t.same(collector.deltas, [])
  t.equal(collector.bytes.toString(), DELTA + DELTA)
})

t.test('a stage without a shortcut still sees everything', async (t) => {
  const made: string[] = []
  const collector = new AlwaysOpenCollector()
  const tap = new MadeFilesTap(collector, (ids) => made.push(...ids))
  const { data, end } = fed(stages(tap).first)
  const block = event('content_block_start', { index: 0, content_block: { type: 'code_execution_output', file_id: 'file_madeUp0000001' } })
  const chunks = [MESSAGE_START, DELTA, block, DELTA, MESSAGE_END]
  for (const chunk of chunks) data(chunk)
  end()
  t.same(made, ['file_madeUp0000001'])
  t.same(collector.deltas, [])
  t.equal(collector.bytes.toString(), chunks.join(''))
  t.equal(collector.outcome, 'ended')
})

t.test('a last stage without a shortcut is handed everything as data', async (t) => {
  const collector = new Collector()
  const { usage, first } = stages(collector)
  const { data, end } = fed(first)
  for (const chunk of events(FIXTURE)) data(chunk)
  end()
  t.equal(collector.bytes.toString(), FIXTURE)
  t.same(usage, USAGE)
})

t.test('a delta that asks for a pause gets it, and the flow resumes when it is told to', async (t) => {
  const collector = new OpenCollector()
  const { data, controller, flow } = fed(stages(collector).first)
  data(MESSAGE_START)
  data(DELTA)
  t.equal(controller.pauses, 0)
  collector.more = false
  data(DELTA)
  t.equal(controller.pauses, 1)
  t.equal(controller.paused, true)
  flow.resume()
  t.equal(controller.paused, false)
  collector.more = true
  data(DELTA)
  t.equal(controller.pauses, 1)
  t.equal(collector.deltas.length, 3)
})

t.test('nothing goes by the shortcut after abort', async (t) => {
  const collector = new OpenCollector()
  const { data, end, flow, controller } = fed(stages(collector).first)
  data(MESSAGE_START)
  data(DELTA)
  flow.abort()
  t.equal(controller.aborted, true)
  data(DELTA)
  data(MESSAGE_END)
  end()
  t.same(collector.deltas, [DELTA])
  t.equal(collector.bytes.toString(), MESSAGE_START + DELTA)
  t.equal(collector.outcome, 'open')
})

t.test('nor after an abort from within a delta', async (t) => {
  const collector = new OpenCollector()
  const { data, flow } = fed(stages(collector).first)
  collector.delta = (bytes) => {
    collector.deltas.push(bytes.toString())
    flow.abort()
    return true
  }
  data(MESSAGE_START)
  data(DELTA)
  data(DELTA)
  t.same(collector.deltas, [DELTA])
})

t.test('an answer that was refused has no shortcut', async (t) => {
  const collector = new AlwaysOpenCollector()
  const { data } = fed(new FirstEventHold(new UsageTap(collector, emptyUsage()), () => false))
  for (const chunk of [MESSAGE_START, DELTA, DELTA]) data(chunk)
  t.equal(collector.chunks.length, 0)
})

/** The client's end, which tells what came to it by the shortcut. */
class CountingSink extends ClientSink {
  readonly deltas: string[] = []

  override delta (bytes: Buffer): boolean {
    this.deltas.push(bytes.toString())
    return super.delta(bytes)
  }
}

const CLIENT: ClientSinkOptions = {
  envelope: 'anthropic', requestId: 'req_made_up', stallTimeout: 60_000, trace: null, quietTicks: 1, onClose () {}, onStart () {}
}

/**
 * A real client that asks, and the sink that answers it.
 * @param feed called when the request is there
 * @returns what the client got
 */
async function answered (
  t: Test, feed: (sink: CountingSink, raw: ServerResponse) => void, options: Partial<ClientSinkOptions> = {}
): Promise<string> {
  const server = createServer((req, raw) => {
    req.resume().on('end', () => feed(new CountingSink(raw, { ...CLIENT, ...options }), raw))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const answer = await send(`http://127.0.0.1:${(server.address() as { port: number }).port}`, {})
  return answer.body.toString()
}

t.test('a client gets the same bytes by way of the shortcut, and all lone deltas take it', async (t) => {
  let deltas: string[] = []
  const got = await answered(t, (sink) => {
    const { flow, data, end } = fed(stages(sink).first)
    sink.attach(flow)
    for (const chunk of events(FIXTURE)) data(chunk)
    end()
    deltas = sink.deltas
  })
  t.equal(got, FIXTURE)
  t.same(deltas, LONE)
})

t.test('a client gets the same bytes with CRLF, and half events between', async (t) => {
  const cuts = Array.from({ length: 12 }, (_, n) => [FIXTURE, 97 * (n + 1)] as const)
  for (const [text, cut] of [[CRLF_FIXTURE, 0] as const, ...cuts]) {
    const got = await answered(t, (sink) => {
      const { flow, data, end } = fed(stages(sink).first)
      sink.attach(flow)
      for (const chunk of cutAt(events(text).map((piece) => Buffer.from(piece)), cut)) data(chunk)
      end()
    })
    t.ok(got === text, `cut at ${cut}`)
  }
})

t.test('the half of an event that is kept back for a client closes the shortcut', async (t) => {
  for (const half of [DELTA.slice(0, 10), DELTA.slice(0, -1)]) {
    let deltas: string[] = []
    const got = await answered(t, (sink) => {
      const { flow, data, end } = fed(stages(sink).first)
      sink.attach(flow)
      for (const chunk of [MESSAGE_START, half, DELTA, DELTA, MESSAGE_END]) data(chunk)
      end()
      deltas = sink.deltas
    })
    t.equal(got, MESSAGE_START + half + DELTA + DELTA + MESSAGE_END, 'nothing has overtaken it')
    t.equal(deltas.length, 1, 'the delta behind the whole one takes it again')
  }
})

t.test('an event too large to be kept back closes it too, until it is over', async (t) => {
  const large = DELTA.slice(0, -10) + 'x'.repeat(300 * 1024)
  let deltas: string[] = []
  const got = await answered(t, (sink) => {
    const { flow, data, end } = fed(stages(sink).first)
    sink.attach(flow)
    for (const chunk of [MESSAGE_START, large, DELTA, DELTA, MESSAGE_END]) data(chunk)
    end()
    deltas = sink.deltas
  })
  t.ok(got === MESSAGE_START + large + DELTA + DELTA + MESSAGE_END)
  t.equal(deltas.length, 1)
})

t.test('somebody\'s file is never taken for events', async (t) => {
  let open: DeltaSink | null = null
  await answered(t, (sink) => {
    sink.start(200, STREAM)
    sink.data(Buffer.from(DELTA))
    open = sink.shortcut()
    sink.end()
  }, { opaque: true })
  t.equal(open, null)
})

t.test('a client that does not read pauses the upstream by way of the shortcut', async (t) => {
  let controller: FakeController | undefined
  let resumed = false
  const chunk = textDelta('x'.repeat(60_000))
  const server = createServer((_req, raw) => {
    const sink = new CountingSink(raw, CLIENT)
    const source = fed(stages(sink).first)
    controller = source.controller
    sink.attach(source.flow)
    source.data(MESSAGE_START)
    // Turn by turn, for what comes in one turn leaves at its end.
    const feed = (): void => {
      if (source.controller.paused) return
      source.data(chunk)
      setImmediate(feed)
    }
    feed()
    source.controller.resume = () => {
      resumed = true
      source.controller.paused = false
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const res = await new Promise<Response>((resolve, reject) => {
    fetch(`http://127.0.0.1:${(server.address() as { port: number }).port}`).then(resolve, reject)
  })
  await until(() => controller?.paused === true, 'the upstream to be paused')
  t.equal(controller!.pauses, 1)
  const reader = res.body!.getReader()
  await until(async () => {
    await reader.read()
    return resumed
  }, 'the upstream to be resumed')
  await reader.cancel()
})

t.test('a client that has left asks for no pause', async (t) => {
  let more: boolean | undefined
  const closed: GatewayError[] = []
  const got = answered(t, (sink, raw) => {
    sink.start(200, STREAM)
    sink.data(Buffer.from(MESSAGE_START))
    raw.once('close', () => { more = sink.delta(Buffer.from(DELTA)) })
    raw.destroy()
  }, { onClose: (_outcome, error) => { if (error !== null) closed.push(error) } })
  await got.catch(() => '')
  await until(() => more !== undefined, 'the client to be gone')
  t.equal(more, true)
  t.same(closed, [])
})
