import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fastify from 'fastify'
import t, { type Test } from 'tap'
import fc from 'fast-check'
import { readBody } from '../../src/plugins/body-reader.ts'
import { RawClient, send, type Answer, type SendOptions } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

const KIBI = 1024
const MEBI = 1024 * KIBI

/** A body as the application got it, and the pieces in which it had come. */
interface Read {
  bytes: Buffer | undefined
  error: Error | null
  /** The very objects that the connection gave. */
  pieces: Buffer[]
  /** How long they were when they came. */
  lengths: number[]
}

/** A real application that reads bodies, and tells the length and the digest of each. `read` holds what it got. */
async function start (t: Test, limit = 32 * MEBI) {
  const read: Read[] = []
  const app = fastify({ bodyLimit: limit, forceCloseConnections: true })
  t.teardown(() => app.close())
  app.addContentTypeParser('application/octet-stream', (request, payload, done) => {
    const entry: Read = { bytes: undefined, error: null, pieces: [], lengths: [] }
    read.push(entry)
    payload.on('data', (piece: Buffer) => {
      entry.pieces.push(piece)
      entry.lengths.push(piece.length)
    })
    readBody(request, payload, request.routeOptions.bodyLimit, (error, bytes) => {
      if (entry.bytes !== undefined || entry.error !== null) t.fail('told twice')
      Object.assign(entry, { error, bytes })
      done(error, bytes)
    })
  })
  app.post('/', async ({ body }) => told((body as Buffer | undefined) ?? Buffer.alloc(0)))
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const ask = (options: SendOptions): Promise<Answer> => send(url, { path: '/', ...options, headers: { 'content-type': 'application/octet-stream', ...options.headers } })
  return { app, ask, read, port: (app.server.address() as AddressInfo).port }
}

function told (bytes: Buffer): { length: number, digest: string } {
  return { length: bytes.length, digest: createHash('sha256').update(bytes).digest('hex') }
}

/** Bytes of which no two places look alike. */
function bytesOf (length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = length + 1
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** Cuts bytes into pieces of the given lengths, over and over. */
function cut (bytes: Buffer, lengths: number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const length = lengths[n % lengths.length]!
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}

/** A body as Node's client sends it: in one, with its length and in pieces, or in chunks. */
function waysOf (bytes: Buffer): Record<string, SendOptions> {
  const pieces = cut(bytes, [1, 65_536, 3, 16_383, 65_537, 100_003])
  return {
    'with its length': { body: bytes },
    'with its length, in odd pieces': { body: pieces, headers: { 'content-length': String(bytes.length) } },
    chunked: { body: [bytes] },
    'chunked, in odd pieces': { body: pieces }
  }
}

for (const [name, length] of Object.entries({
  'no bytes': 0, 'one byte': 1, '64 KiB': 64 * KIBI, '1 MiB': MEBI, '1 MiB and a byte': MEBI + 1, '5 MiB': 5 * MEBI
})) {
  t.test(`${name} arrive byte for byte`, async (t) => {
    const { ask, read } = await start(t)
    const bytes = bytesOf(length)
    for (const [way, options] of Object.entries(waysOf(bytes))) {
      const answer = await ask(options)
      t.equal(answer.status, 200, way)
      t.same(JSON.parse(answer.body.toString()), told(bytes), way)
      t.equal(read.pop()?.bytes?.length ?? 0, length, way)
    }
  })
}

t.test('cut anywhere, with pauses between the pieces, a body arrives byte for byte', async (t) => {
  const { port, read } = await start(t)
  const client = new RawClient(t, port)
  const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 300 * KIBI })), { minLength: 1, maxLength: 8 })
  await fc.assert(fc.asyncProperty(lengths, fc.boolean(), async (lengths, chunked) => {
    const bytes = bytesOf(lengths.reduce((sum, length) => sum + length))
    const framing = chunked ? 'transfer-encoding: chunked' : `content-length: ${bytes.length}`
    const before = read.length
    client.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\n${framing}\r\n\r\n`)
    await until(() => read.length > before, 'the request to be read')
    const entry = read.at(-1)!
    let sent = 0
    for (const piece of cut(bytes, lengths)) {
      if (chunked) client.write(`${piece.length.toString(16)}\r\n`)
      client.write(piece)
      if (chunked) client.write('\r\n')
      sent += piece.length
      await until(() => entry.lengths.reduce((sum, length) => sum + length, 0) === sent, 'the piece to arrive')
    }
    if (chunked) client.write('0\r\n\r\n')
    await until(() => entry.bytes !== undefined || entry.error !== null, 'the body to be read')
    return entry.bytes?.equals(bytes) === true
  }), { numRuns: 40 })
})

t.test('requests that come one behind the other in one write keep their own bytes', async (t) => {
  // What is given back of one body must be nobody else's.
  const { port, read } = await start(t)
  const client = new RawClient(t, port)
  const bodies = [3, 70 * KIBI, 5, 130 * KIBI, 0, 65_536, 1].map((length) => bytesOf(length))
  client.write(Buffer.concat(bodies.flatMap((bytes) => [
    Buffer.from(`POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: ${bytes.length}\r\n\r\n`), bytes
  ])))
  await client.has(told(bodies.at(-1)!).digest)
  for (const bytes of bodies) t.match(client.text, JSON.stringify(told(bytes)), `${bytes.length} bytes`)
  t.equal(read.filter(({ error }) => error !== null).length, 0)
})

t.test('many bodies at once are not mixed up', async (t) => {
  const { ask } = await start(t)
  const bodies = Array.from({ length: 20 }, (_, n) => bytesOf(50_000 * n + n))
  const answers = await Promise.all(bodies.map((bytes, n) => ask(n % 2 === 0 ? { body: bytes } : { body: cut(bytes, [n, 65_537]) })))
  t.same(answers.map(({ body }) => JSON.parse(body.toString()) as unknown), bodies.map(told))
})

t.test('a body may be as large as the limit', async (t) => {
  const { ask } = await start(t, 200_000)
  for (const [way, options] of Object.entries(waysOf(bytesOf(200_000)))) t.equal((await ask(options)).status, 200, way)
})

t.test('a larger one is refused', async (t) => {
  const { ask, read } = await start(t, 200_000)
  for (const [way, options] of Object.entries(waysOf(bytesOf(200_001)))) {
    const answer = await ask(options)
    t.equal(answer.status, 413, way)
    t.match(JSON.parse(answer.body.toString()), { code: 'FST_ERR_CTP_BODY_TOO_LARGE' }, way)
    t.match(read.pop(), { bytes: undefined, error: { code: 'FST_ERR_CTP_BODY_TOO_LARGE' } }, way)
  }
})

t.test('one whose length is too large is refused before it comes', async (t) => {
  const { port, read } = await start(t, 1_000)
  const client = new RawClient(t, port)
  client.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: 1001\r\n\r\n')
  await client.has('FST_ERR_CTP_BODY_TOO_LARGE')
  t.match(client.text, /^HTTP\/1\.1 413 /)
  t.same(read[0]?.lengths, [])
})

t.test('one that grows too large is refused before it ends, and what follows harms nobody', async (t) => {
  const { port, read, ask } = await start(t, 1_000)
  const client = new RawClient(t, port)
  client.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ntransfer-encoding: chunked\r\n\r\n')
  const chunk = `190\r\n${'x'.repeat(0x190)}\r\n`
  // Some of it comes behind the piece that is too much.
  client.write(chunk.repeat(6))
  await client.has('FST_ERR_CTP_BODY_TOO_LARGE')
  client.write(chunk)
  client.socket.resetAndDestroy()
  await client.end()
  t.match(read, [{ error: { code: 'FST_ERR_CTP_BODY_TOO_LARGE' } }])
  t.equal((await ask({ body: 'well' })).status, 200)
})

t.test('a client that leaves in the midst of its body is told as an error, once', async (t) => {
  const { port, read, ask } = await start(t)
  for (const framing of ['content-length: 100', 'transfer-encoding: chunked']) {
    const client = new RawClient(t, port)
    client.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\n${framing}\r\n\r\n5\r\nhello\r\n`)
    await until(() => (read.at(-1)?.lengths.length ?? 0) > 0, 'the piece to arrive')
    const entry = read.pop()!
    client.socket.resetAndDestroy()
    await until(() => entry.error !== null, 'the end of the body')
    t.match(entry, { bytes: undefined, error: { statusCode: 400 } }, framing)
  }
  t.equal((await ask({ body: 'well' })).status, 200)
})

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What buffers take in this process, after what nobody holds any more has been let go. */
async function arrayBuffers (): Promise<number> {
  collectGarbage()
  await turn()
  return process.memoryUsage().arrayBuffers
}

/** Connections that have announced a body, and sent the beginning of it in pieces of these lengths. */
async function begun (t: Test, count: number, announced: number, lengths: number[]) {
  const { app, port, read } = await start(t)
  const before = await arrayBuffers()
  const clients = Array.from({ length: count }, () => new RawClient(t, port))
  const head = `POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: ${announced}\r\n\r\n`
  for (const client of clients) client.write(head)
  let sent = 0
  for (const length of lengths) {
    const piece = Buffer.alloc(length, 'x')
    sent += length
    for (const client of clients) client.write(piece)
    await until(() => read.length === count && read.every(({ lengths }) => lengths.reduce((sum, length) => sum + length, 0) === sent), 'the pieces to arrive')
  }
  const grown = await arrayBuffers() - before
  for (const { socket } of clients) socket.destroy()
  await until(() => read.every(({ error }) => error !== null), 'the bodies to be given up')
  t.equal(await new Promise((resolve) => app.server.getConnections((_error, open) => resolve(open))), 0)
  return grown
}

t.test('who announces 30 MiB and sends a few bytes makes nobody keep them free', async (t) => {
  const grown = await begun(t, 5, 30 * MEBI, [10])
  t.ok(grown <= 4 * MEBI, `${grown} bytes for 5 connections`)
})

t.test('who sends a few pieces of 30 MiB has 1 MiB kept free', async (t) => {
  const grown = await begun(t, 5, 30 * MEBI, [10, 1_000, 10])
  t.ok(grown <= 5 * MEBI + MEBI, `${grown} bytes for 5 connections`)
})

/** Counts the memory that is given back from now on. */
function watchGivenBack (t: Test): { bytes: number } {
  const { transfer } = ArrayBuffer.prototype
  const given = { bytes: 0 }
  t.capture(ArrayBuffer.prototype, 'transfer', function (this: ArrayBuffer, length?: number) {
    given.bytes += this.byteLength
    return transfer.call(this, length)
  })
  return given
}

t.test('who has sent the first MiB is believed', async (t) => {
  const { port, read } = await start(t)
  const client = new RawClient(t, port)
  const bytes = bytesOf(3 * MEBI)
  const given = watchGivenBack(t)
  client.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: ${bytes.length}\r\n\r\n`)
  client.write(bytes)
  await until(() => read[0]?.bytes !== undefined, 'the body to be read')
  t.equal(read[0]!.bytes!.buffer.byteLength, bytes.length, 'its room is made to measure')
  // The pieces, and about twice the room of the first MiB: the piece that ends it may need a little more.
  t.ok(given.bytes < 3 * MEBI + 3 * MEBI, `at once: ${given.bytes} bytes were given back`)
})

t.test('a small body of a known length has its room made to measure', async (t) => {
  const { port, read } = await start(t)
  const client = new RawClient(t, port)
  client.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: 3000\r\n\r\n')
  for (const size of [1_000, 2_000, 3_000]) {
    client.write(Buffer.alloc(1_000, 'x'))
    await until(() => (read[0]?.lengths.length ?? 0) * 1_000 === size, 'the piece to arrive')
  }
  await until(() => read[0]!.bytes !== undefined, 'the body to be read')
  t.equal(read[0]!.bytes!.buffer.byteLength, 3_000)
})

t.test('the memory of the pieces is given back as they are copied', async (t) => {
  const { ask, read } = await start(t)
  for (const [way, options] of Object.entries(waysOf(bytesOf(5 * MEBI)))) {
    await ask(options)
    const { pieces, lengths, bytes } = read.pop()!
    t.ok(lengths.length > 1 && !lengths.includes(0), `${way}: it came in ${lengths.length} pieces`)
    t.equal(pieces.reduce((sum, { length }) => sum + length, 0), 0, `${way}: nothing is left of them`)
    t.equal(bytes?.length, 5 * MEBI, way)
  }
})

t.test('and so is the room that has become too small', async (t) => {
  const { ask } = await start(t)
  const given = watchGivenBack(t)
  await ask({ body: cut(bytesOf(5 * MEBI), [65_536]) })
  // All pieces, and each room but the last; each is twice as large as what had come.
  t.ok(given.bytes > 2 * 5 * MEBI - 64 * KIBI, `${given.bytes} bytes were given back`)
  t.ok(given.bytes < 4 * 5 * MEBI, 'it was not copied again and again')
})

t.test('a body in one piece is that piece', async (t) => {
  const { port, read } = await start(t)
  const client = new RawClient(t, port)
  client.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: 5\r\n\r\nhello')
  await until(() => read[0]?.bytes !== undefined, 'the body to be read')
  const { bytes, pieces } = read[0]!
  t.equal(bytes!.buffer, pieces[0]!.buffer)
  t.equal(bytes!.toString(), 'hello')
})

t.test('bytes that a caller inside the process hands over stay its own', async (t) => {
  const { app, read } = await start(t)
  for (const length of [10, 60 * KIBI, 200_000, 2 * MEBI]) {
    const payload = bytesOf(length)
    const answer = await app.inject({ method: 'POST', url: '/', headers: { 'content-type': 'application/octet-stream' }, payload })
    t.same(answer.json(), told(payload))
    t.equal(payload.length, length, 'they are still there')
    t.notOk((payload.buffer as ArrayBuffer).detached)
    t.ok(payload.equals(bytesOf(length)), 'and the same')
    t.not(read.pop()?.bytes?.buffer, payload.buffer, 'what was read is a copy')
  }
})

t.test('also in pieces', async (t) => {
  const { app } = await start(t)
  const pieces = cut(bytesOf(300_000), [100_000, 70_000])
  const copies = pieces.map((piece) => Buffer.from(piece))
  const answer = await app.inject({ method: 'POST', url: '/', headers: { 'content-type': 'application/octet-stream' }, payload: Readable.from(pieces) })
  t.same(answer.json(), told(Buffer.concat(copies)))
  t.ok(pieces.every((piece, n) => piece.equals(copies[n]!)))
})

t.test('what was read does not change when the caller changes its bytes', async (t) => {
  const { app, read } = await start(t)
  const payload = bytesOf(200_000)
  await app.inject({ method: 'POST', url: '/', headers: { 'content-type': 'application/octet-stream' }, payload })
  payload.fill(0)
  t.ok(read[0]?.bytes?.equals(bytesOf(200_000)))
})

t.test('a body that is not as long as it was said to be is refused', async (t) => {
  const { app } = await start(t)
  for (const length of [9, 11]) {
    const answer = await app.inject({
      method: 'POST', url: '/', headers: { 'content-type': 'application/octet-stream', 'content-length': String(length) }, payload: Readable.from([Buffer.alloc(10)])
    })
    t.equal(answer.statusCode, 400)
    t.match(answer.json(), { code: 'FST_ERR_CTP_INVALID_CONTENT_LENGTH' })
  }
})
