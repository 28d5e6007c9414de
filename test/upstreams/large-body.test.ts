import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createRawServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import fc from 'fast-check'
import { Pool, type Dispatcher } from 'undici'
import { giveBack, LargeBody, sendable } from '../../src/upstreams/large-body.ts'
import { upstreamPool } from '../../src/upstreams/upstream-pool.ts'
import { startGateway, testConfig } from '../helpers/gateway.ts'
import { Exchange, send } from '../helpers/raw-client.ts'
import { messages, settled } from '../helpers/settled.ts'
import { parseEvents } from '../helpers/sse.ts'
import { SSE_HEADERS, startUpstream, wholeStream } from '../helpers/upstream.ts'
import { until } from '../helpers/until.ts'

const KIBI = 1024
const MEBI = 1024 * KIBI
/** More than a connection holds whose other end does not read. */
const FLOOD = 32 * MEBI

/** Bytes of which no two places look alike, and which share their memory with nobody. */
function bytesOf (length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = length
  for (let at = 0; at + 4 <= length; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes.writeUInt32LE(state, at)
  }
  return bytes
}

t.test('what is handed to undici', async (t) => {
  t.test('no body is none', async (t) => {
    t.equal(sendable(null), null)
  })
  t.test('a small one is the very Buffer', async (t) => {
    for (const length of [0, 1, 64 * KIBI - 1]) {
      const bytes = Buffer.alloc(length)
      t.equal(sendable(bytes), bytes, `${length} bytes`)
    }
  })
  t.test('a large one is a LargeBody of the same length', async (t) => {
    for (const length of [64 * KIBI, 64 * KIBI + 1, MEBI]) {
      const body = sendable(Buffer.alloc(length))
      t.type(body, LargeBody, `${length} bytes`)
      t.equal(body?.length, length)
    }
  })
  t.test('a LargeBody gives the very bytes, in one piece', async (t) => {
    const bytes = bytesOf(100_000)
    const pieces = [...new LargeBody(bytes)]
    t.equal(pieces.length, 1)
    t.equal(pieces[0], bytes)
  })
})

t.test('no Buffer of such a size shares its memory with another', async (t) => {
  const length = 64 * KIBI
  const texts = ['x'.repeat(length), '你'.repeat(length / 2)]
  const made = [
    Buffer.allocUnsafe(length),
    Buffer.allocUnsafe(length),
    Buffer.concat([Buffer.alloc(length / 2), Buffer.alloc(length / 2)]),
    Buffer.from(Buffer.alloc(length)),
    ...texts.map((text) => Buffer.from(text))
  ]
  t.equal(new Set(made.map(({ buffer }) => buffer)).size, made.length)
  t.ok(made.every((bytes) => bytes.byteOffset === 0 && bytes.buffer.byteLength === bytes.length))
})

t.test('memory is given back', async (t) => {
  t.test('when it was released and then sent', async (t) => {
    const bytes = bytesOf(100_000)
    const body = new LargeBody(bytes)
    const sending = body[Symbol.iterator]()
    sending.next()
    body.release()
    t.equal(bytes.length, 100_000)
    t.equal(sending.next().done, true)
    t.equal(bytes.length, 0)
    t.equal(body.length, 100_000, 'how long it was is still known')
  })

  t.test('when it was sent and then released', async (t) => {
    const bytes = bytesOf(100_000)
    const body = new LargeBody(bytes)
    for (const piece of body) t.equal(piece.length, 100_000)
    t.equal(bytes.length, 100_000)
    body.release()
    t.equal(bytes.length, 0)
  })

  t.test('when it was released before anybody has begun to send it', async (t) => {
    const bytes = bytesOf(100_000)
    new LargeBody(bytes).release()
    t.equal(bytes.length, 0)
  })

  t.test('when it was sent several times, after the last of them', async (t) => {
    const bytes = bytesOf(100_000)
    const body = new LargeBody(bytes)
    const [first, second] = [body[Symbol.iterator](), body[Symbol.iterator]()]
    for (const sending of [first, second]) sending.next()
    body.release()
    second.next()
    t.equal(bytes.length, 100_000, 'the first one still reads it')
    first.next()
    t.equal(bytes.length, 0)
  })
})

t.test('memory is not given back', async (t) => {
  t.test('when it was sent, and may be sent again', async (t) => {
    const bytes = bytesOf(100_000)
    const body = new LargeBody(bytes)
    for (let n = 0; n < 3; n++) t.equal([...body][0]?.length, 100_000)
    t.ok(bytes.equals(bytesOf(100_000)))
  })

  for (const how of ['return', 'throw'] as const) {
    t.test(`when a sending was broken off by ${how}, whatever follows`, async (t) => {
      const bytes = bytesOf(100_000)
      const body = new LargeBody(bytes)
      const broken = body[Symbol.iterator]()
      broken.next()
      if (how === 'return') broken.return()
      else t.throws(() => broken.throw(new Error('made up')), { message: 'made up' })
      t.equal(broken.next().done, true)
      t.equal([...body].length, 1, 'a second one goes well')
      body.release()
      t.ok(bytes.equals(bytesOf(100_000)))
    })
  }
})

t.test('in whatever order things happen, it is given back when it was released, all that began has ended, and nothing was broken off', async () => {
  const step = fc.oneof(fc.constant('begin' as const), fc.constant('release' as const), fc.tuple(fc.constantFrom('end' as const, 'return' as const), fc.nat(3)))
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
    const bytes = Buffer.alloc(64 * KIBI)
    const body = new LargeBody(bytes)
    const running: Generator<Buffer, void>[] = []
    let [broken, released, given] = [false, false, false]
    return steps.every((step) => {
      if (step === 'begin') {
        // Nobody sends what was said to be over.
        if (released) return true
        const sending = body[Symbol.iterator]()
        sending.next()
        running.push(sending)
      } else if (step === 'release') {
        if (!released) body.release()
        released = true
      } else {
        const [sending] = running.splice(step[1], 1)
        if (sending === undefined) return true
        if (step[0] === 'end') sending.next()
        else sending.return()
        broken ||= step[0] === 'return'
      }
      given ||= released && !broken && running.length === 0
      return bytes.length === (given ? 0 : 64 * KIBI)
    })
  }), { numRuns: 1_000 })
})

t.test('giveBack empties bytes and every other view of them', async (t) => {
  const bytes = bytesOf(100_000)
  const views = [bytes.subarray(10, 20), new Uint8Array(bytes.buffer)]
  giveBack(bytes)
  t.same([bytes, ...views].map(({ length }) => length), [0, 0, 0])
})

t.test('giveBack leaves alone what several threads share', async (t) => {
  const bytes = Buffer.from(new SharedArrayBuffer(10))
  giveBack(bytes)
  t.equal(bytes.length, 10)
})

/** A body of which each sending notes whether the connection had let go of it when undici asked for more. */
class WatchedBody extends LargeBody {
  readonly sendings: { socket: Socket | undefined, ended: boolean, safe: boolean }[] = []
  readonly #sockets: Socket[]

  constructor (bytes: Buffer, sockets: Socket[]) {
    super(bytes)
    this.#sockets = sockets
  }

  override * [Symbol.iterator] (): Generator<Buffer, void> {
    const sending = { socket: this.#sockets.at(-1), ended: false, safe: true }
    this.sendings.push(sending)
    const pieces = super[Symbol.iterator]()
    // The last `next` is where the memory may go: what is still with the connection at that moment is lost.
    for (let next = pieces.next(); !next.done; next = pieces.next()) {
      yield next.value
      sending.safe = sending.socket?.writableLength === 0 || sending.socket?.closed === true
    }
    sending.ended = true
  }
}

/** Connections of undici's, in the order in which they were made. */
function watchConnections (t: Test): Socket[] {
  const sockets: Socket[] = []
  const onConnected = (message: unknown): void => { sockets.push((message as { socket: Socket }).socket) }
  subscribe('undici:client:connected', onConnected)
  t.teardown(() => unsubscribe('undici:client:connected', onConnected))
  return sockets
}

interface Told {
  /** Settles when the answer's headers are there. */
  head: Promise<number>
  /** Settles when the answer is whole; rejects when it will not be. */
  whole: Promise<string>
}

/** Sends a body by way of a pool, as the gateway does. */
function post (pool: Dispatcher, body: LargeBody): Told {
  const [head, whole] = [Promise.withResolvers<number>(), Promise.withResolvers<string>()]
  let text = ''
  head.promise.catch(() => {})
  whole.promise.catch(() => {})
  pool.dispatch({
    path: '/', method: 'POST', headers: { 'content-length': String(body.length) }, body: body as unknown as Dispatcher.DispatchOptions['body']
  }, {
    onRequestStart () {},
    onResponseStart (_controller, status) { head.resolve(status) },
    onResponseData (_controller, chunk) { text += chunk.toString() },
    onResponseEnd () { whole.resolve(text) },
    onResponseError (_controller, error) {
      head.reject(error)
      whole.reject(error)
    }
  })
  return { head: head.promise, whole: whole.promise }
}

async function listen (t: Test, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    if ('closeAllConnections' in server) (server as ReturnType<typeof createServer>).closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** A pool before a server, as the gateway makes it. */
async function poolBefore (t: Test, answer: (req: IncomingMessage, res: ServerResponse) => void) {
  const server = createServer((req, res) => {
    req.on('error', () => {})
    res.on('error', () => {})
    answer(req, res)
  })
  return poolOn(t, await listen(t, server))
}

function poolOn (t: Test, port: number): Pool {
  const url = `http://127.0.0.1:${port}`
  const pool = upstreamPool(url, testConfig({ claude: { api_url: url } }).claude)
  t.teardown(() => pool.destroy())
  return pool
}

/** Reads a request's whole body. */
async function bodyOf (req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

t.test('by way of undici a body arrives byte for byte and with its length, and its memory is given back', async (t) => {
  const sockets = watchConnections(t)
  const got: { body: Buffer, headers: IncomingMessage['headers'] }[] = []
  const pool = await poolBefore(t, (req, res) => {
    bodyOf(req).then((body) => {
      got.push({ body, headers: req.headers })
      res.end('well')
    }, () => {})
  })
  for (const length of [64 * KIBI, 64 * KIBI + 1, 200_000, MEBI, FLOOD]) {
    const bytes = bytesOf(length)
    const body = new WatchedBody(bytes, sockets)
    t.equal(await post(pool, body).whole, 'well')
    const { headers, body: received } = got.pop()!
    t.ok(received.equals(bytesOf(length)), `${length} bytes`)
    t.equal(headers['content-length'], String(length))
    t.notOk('transfer-encoding' in headers)
    t.equal(bytes.length, length, 'not before it was released')
    body.release()
    t.equal(bytes.length, 0)
    t.match(body.sendings, [{ ended: true, safe: true }])
  }
})

t.test('also over an encrypted connection', async (t) => {
  const sockets = watchConnections(t)
  const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/self-signed/${name}`, import.meta.url))
  const got: Buffer[] = []
  const server = createSecureServer({ key: fixture('key.pem'), cert: fixture('cert.pem') }, (req, res) => {
    // The body is released before it has been taken.
    res.write('we')
    bodyOf(req).then((body) => {
      got.push(body)
      res.end('ll')
    }, () => {})
  })
  const pool = new Pool(`https://127.0.0.1:${await listen(t, server)}`, { pipelining: 1, connect: { rejectUnauthorized: false } })
  t.teardown(() => pool.destroy())
  for (const length of [64 * KIBI, 200_000, 5 * MEBI]) {
    const bytes = bytesOf(length)
    const body = new WatchedBody(bytes, sockets)
    const { head, whole } = post(pool, body)
    await head
    body.release()
    t.equal(await whole, 'well')
    t.ok(got.pop()!.equals(bytesOf(length)), `${length} bytes`)
    t.equal(bytes.length, 0)
    t.match(body.sendings, [{ ended: true, safe: true }])
  }
})

t.test('bodies one behind the other on the same connection are not mixed up', async (t) => {
  const got: Buffer[] = []
  const pool = await poolBefore(t, (req, res) => {
    bodyOf(req).then((body) => {
      got.push(body)
      res.end()
    }, () => {})
  })
  for (let n = 0; n < 30; n++) {
    const bytes = bytesOf(70_000 + n)
    const body = new LargeBody(bytes)
    await post(pool, body).whole
    body.release()
    t.equal(bytes.length, 0)
  }
  t.ok(got.every((body, n) => body.equals(bytesOf(70_000 + n))))
})

t.test('a server that answers before it has read the body, and then reads it: the bytes are right', async (t) => {
  const sockets = watchConnections(t)
  const read = Promise.withResolvers<void>()
  let got: Buffer | undefined
  const pool = await poolBefore(t, (req, res) => {
    res.write('we')
    read.promise.then(() => bodyOf(req)).then((body) => {
      got = body
      res.end('ll')
    }, () => {})
  })
  const bytes = bytesOf(FLOOD)
  const body = new WatchedBody(bytes, sockets)
  const { head, whole } = post(pool, body)
  await head
  // As the gateway does once the answer has begun.
  body.release()
  t.equal(bytes.length, FLOOD, 'the connection still has the bytes to take')
  read.resolve()
  t.equal(await whole, 'well')
  t.ok(got!.equals(bytesOf(FLOOD)))
  t.equal(bytes.length, 0)
  t.match(body.sendings, [{ ended: true, safe: true }])
})

t.test('a server whose whole answer comes before it has read the body', async (t) => {
  const sockets = watchConnections(t)
  const pool = await poolBefore(t, (_req, res) => { res.end('no') })
  const bytes = bytesOf(FLOOD)
  const body = new WatchedBody(bytes, sockets)
  t.equal(await post(pool, body).whole, 'no')
  body.release()
  await until(() => sockets.every(({ closed }) => closed), 'undici to close the connection')
  await turn()
  t.notOk(body.sendings.some(({ safe }) => !safe), 'nothing was given back that the connection still had')
})

for (const how of ['resetAndDestroy', 'destroy'] as const) {
  for (const length of [200_000, FLOOD]) {
    t.test(`a connection that fails in the midst of ${length} bytes (${how}), and a second sending that goes well`, async (t) => {
      const sockets = watchConnections(t)
      const failing = createRawServer((socket) => {
        socket.on('error', () => {})
        socket.once('data', () => {
          socket.pause()
          socket[how]()
        })
      })
      const bad = poolOn(t, await listen(t, failing))
      let got: Buffer | undefined
      const good = await poolBefore(t, (req, res) => {
        bodyOf(req).then((body) => {
          got = body
          res.end('well')
        }, () => {})
      })
      const bytes = bytesOf(length)
      const body = new WatchedBody(bytes, sockets)
      await t.rejects(post(bad, body).whole)
      t.equal(bytes.length, length)
      t.equal(await post(good, body).whole, 'well')
      t.ok(got!.equals(bytesOf(length)))
      t.equal(bytes.length, length, 'nothing is given back before it was released')
      await until(() => sockets[0]!.closed, 'the connection to be closed')
      await turn()
      body.release()
      t.equal(body.sendings.length, 2)
      t.equal(bytes.length, body.sendings.every(({ ended }) => ended) ? 0 : length, 'it is given back if undici has ended both, and not otherwise')
      t.notOk(body.sendings.some(({ safe }) => !safe), 'and it has ended neither while the connection had some of it')
    })
  }
}

t.test('a request that is given up in the midst of its body', async (t) => {
  const sockets = watchConnections(t)
  const arrived = Promise.withResolvers<void>()
  const pool = await poolBefore(t, () => arrived.resolve())
  const bytes = bytesOf(FLOOD)
  const body = new WatchedBody(bytes, sockets)
  const over = Promise.withResolvers<Error>()
  let given: Dispatcher.DispatchController | undefined
  pool.dispatch({ path: '/', method: 'POST', headers: { 'content-length': String(FLOOD) }, body: body as unknown as Dispatcher.DispatchOptions['body'] }, {
    onRequestStart (controller) { given = controller },
    onResponseStart () {},
    onResponseData () {},
    onResponseEnd () {},
    onResponseError (_controller, error) { over.resolve(error) }
  })
  await arrived.promise
  body.release()
  given!.abort(new Error('made up'))
  t.match(await over.promise, { message: 'made up' })
  await until(() => sockets[0]!.closed, 'the connection to be closed')
  await turn()
  t.match(body.sendings, [{ safe: true }])
})

/** A Messages request of about so many bytes, in which no two places look alike. */
function request (length: number, changes: object = {}): Buffer {
  return Buffer.from(messages({ system: bytesOf(length / 2).toString('hex'), ...changes }))
}

const OVERLOADED = JSON.stringify({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })

/** What becomes of the first attempt of a request, before anything of its answer has reached the client. */
const FAULTS: Record<string, (req: IncomingMessage, res: ServerResponse) => void> = {
  529: (req, res) => { req.resume().on('end', () => res.writeHead(529, { 'content-type': 'application/json' }).end(OVERLOADED)) },
  500: (req, res) => { req.resume().on('end', () => res.writeHead(500, { 'content-type': 'application/json' }).end(OVERLOADED)) },
  '529 before the body is read': (_req, res) => { res.writeHead(529, { 'content-type': 'application/json' }).end(OVERLOADED) },
  'a reset once the body is there': (req) => { req.resume().on('end', () => req.socket.resetAndDestroy()) },
  'a reset in the midst of the body': (req) => { req.once('data', () => req.socket.resetAndDestroy()) },
  'a reset before the body is read': (req) => { req.socket.resetAndDestroy() },
  'a connection that is closed': (req) => { req.socket.destroy() }
}

/** A gateway whose upstream fails each request's first attempt in one way, and answers the second. */
async function failingFirst (t: Test, fault: (req: IncomingMessage, res: ServerResponse) => void, answer: (res: ServerResponse) => void) {
  const seen = new Map<string, number>()
  const got: Buffer[] = []
  const lengths: (string | undefined)[] = []
  const server = createServer((req, res) => {
    req.on('error', () => {})
    res.on('error', () => {})
    lengths.push(req.headers['content-length'])
    const name = String(req.headers['anthropic-made-up'])
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    if (count === 1) return fault(req, res)
    bodyOf(req).then((body) => {
      got.push(body)
      answer(res)
    }, () => {})
  })
  const gateway = await startGateway(t, `http://127.0.0.1:${await listen(t, server)}`)
  let requests = 0
  const ask = (body: Buffer) => send(gateway.url, { headers: { ...gateway.headers, 'anthropic-made-up': String(requests++) }, body })
  return { gateway, got, lengths, seen, ask }
}

for (const [name, fault] of Object.entries(FAULTS)) {
  t.test(`a large request whose first attempt meets ${name} arrives whole the second time`, async (t) => {
    const { gateway, got, lengths, ask, seen } = await failingFirst(t, fault, (res) => { res.writeHead(200, { 'content-type': 'application/json' }).end('{}') })
    for (const length of [70_000, 200_000, 5 * MEBI]) {
      const body = request(length)
      const answer = await ask(body)
      t.equal(answer.status, 200)
      t.ok(got.pop()?.equals(body), `${body.length} bytes`)
      t.same(lengths.splice(0), [String(body.length), String(body.length)], 'and with its length each time')
    }
    t.same([...seen.values()], [2, 2, 2])
    await settled(gateway.app)
  })
}

t.test('many large requests at once, each tried again, are not mixed up', async (t) => {
  const { gateway, got, ask } = await failingFirst(t, FAULTS['529 before the body is read']!, (res) => {
    res.writeHead(200, SSE_HEADERS).end(wholeStream('well'))
  })
  const bodies = Array.from({ length: 12 }, (_, n) => request(150_000 + 2_000 * n, { stream: true }))
  const answers = await Promise.all(bodies.map(ask))
  t.ok(answers.every(({ status, body }) => status === 200 && parseEvents(body.toString()).at(-1)?.event === 'message_stop'))
  const order = (all: Buffer[]) => all.toSorted((a, b) => a.length - b.length)
  t.ok(order(got).every((body, n) => body.equals(bodies[n]!)))
  await settled(gateway.app)
})

t.test('an upstream that begins its answer before it has read a large request gets it whole', async (t) => {
  const got: Buffer[] = []
  const read = Promise.withResolvers<void>()
  const server = createServer((req, res) => {
    res.writeHead(200, SSE_HEADERS)
    const text = wholeStream('well')
    res.write(text.slice(0, 600))
    read.promise.then(() => bodyOf(req)).then((body) => {
      got.push(body)
      res.end(text.slice(600))
    }, () => {})
  })
  const gateway = await startGateway(t, `http://127.0.0.1:${await listen(t, server)}`)
  const body = request(FLOOD - KIBI, { stream: true })
  const exchange = new Exchange(gateway.url, { headers: gateway.headers, body })
  await exchange.has('message_start')
  read.resolve()
  t.equal((await exchange.done).body.toString(), wholeStream('well'))
  t.ok(got[0]?.equals(body))
  await settled(gateway.app)
})

t.test('the memory of a large request is given back once, when its answer has begun', async (t) => {
  const upstream = await startUpstream(t, (res) => {
    given.length = 0
    res.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  const gateway = await startGateway(t, upstream.url)
  const { transfer } = ArrayBuffer.prototype
  const given: number[] = []
  t.capture(ArrayBuffer.prototype, 'transfer', function (this: ArrayBuffer, length?: number) {
    given.push(this.byteLength)
    return transfer.call(this, length)
  })
  const body = request(200_000)
  for (let n = 0; n < 3; n++) {
    t.equal((await send(gateway.url, { headers: gateway.headers, body })).status, 200)
    await settled(gateway.app)
    t.same(given.filter((length) => length > 0), [body.length])
    t.ok(upstream.seen.pop()?.body.equals(body))
  }
})

t.test('a caller inside the process keeps its bytes', async (t) => {
  const upstream = await startUpstream(t, (res) => { res.writeHead(200, { 'content-type': 'application/json' }).end('{}') })
  const { app, headers } = await startGateway(t, upstream.url)
  const payload = request(200_000)
  const copy = Buffer.from(payload)
  for (let n = 0; n < 2; n++) {
    const answer = await app.inject({ method: 'POST', url: '/v1/messages', headers, payload })
    t.equal(answer.statusCode, 200)
    t.ok(payload.equals(copy))
    t.ok(upstream.seen.pop()?.body.equals(copy))
  }
})
