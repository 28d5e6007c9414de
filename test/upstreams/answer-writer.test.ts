import t, { type Test } from 'tap'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { AnswerWriter } from '../../src/upstreams/answer-writer.ts'
import { RawClient } from '../helpers/raw-client.ts'
import { until } from '../helpers/until.ts'

type Told = 'full' | 'drained'

/** A server whose every answer is written by a writer, and a client that is connected to it. */
async function setUp (t: Test, answer: (writer: AnswerWriter, res: ServerResponse, req: IncomingMessage, told: Told[]) => void | Promise<void>) {
  const told: Told[] = []
  const server = createServer((req, res) => {
    const writer = new AnswerWriter(res, () => told.push('full'), () => told.push('drained'))
    res.on('close', () => writer.close())
    res.on('error', () => {})
    req.resume()
    req.on('end', () => { Promise.resolve(answer(writer, res, req, told)).catch((error: Error) => res.destroy(error)) })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { client: new RawClient(t, (server.address() as AddressInfo).port), told, server }
}

const get = (path = '/', version = '1.1', method = 'GET') => `${method} ${path} HTTP/${version}\r\nhost: gateway.test\r\n\r\n`
const bodyOf = (text: string) => text.slice(text.indexOf('\r\n\r\n') + 4)

async function stream (writer: AnswerWriter, res: ServerResponse, ...turns: string[][]): Promise<void> {
  res.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const texts of turns) {
    for (const text of texts) writer.write(Buffer.from(text))
    await turn()
  }
}

t.test('what comes in one turn is one chunk, and the bytes come in their order', async (t) => {
  const { client } = await setUp(t, async (writer, res) => {
    await stream(writer, res, ['one'], ['two', '', 'three'], ['x'.repeat(300)])
    writer.write(Buffer.from('last'))
    writer.end(Buffer.from(' words'))
  })
  client.write(get())
  await client.has('0\r\n\r\n')
  t.equal(bodyOf(client.text), `3\r\none\r\n8\r\ntwothree\r\n12c\r\n${'x'.repeat(300)}\r\na\r\nlast words\r\n0\r\n\r\n`)
})

t.test('a stream of which all comes in one turn is whole', async (t) => {
  const { client } = await setUp(t, (writer, res) => {
    res.writeHead(200)
    for (const text of ['one', 'two', 'three']) writer.write(Buffer.from(text))
    writer.end()
  })
  client.write(get())
  await client.has('0\r\n\r\n')
  t.equal(bodyOf(client.text), 'b\r\nonetwothree\r\n0\r\n\r\n')
})

t.test('more than is copied goes out uncopied, at its place', async (t) => {
  const large = 'y'.repeat(40_000)
  const { client } = await setUp(t, async (writer, res) => {
    await stream(writer, res, ['one'], ['before', large, 'behind'], [large], ['more'])
    writer.end()
  })
  client.write(get())
  await client.has('0\r\n\r\n')
  const body = bodyOf(client.text).replace(/[\da-f]+\r\n([^\r]*)\r\n/g, '$1')
  t.ok(body === `onebefore${large}behind${large}more`)
})

t.test('a connection goes on with the next request when a stream was written straight to it', async (t) => {
  const { client, server } = await setUp(t, async (writer, res) => {
    await stream(writer, res, ['one'], ['two'], ['three'])
    writer.end()
    await once(res, 'finish')
    t.equal(res.writableFinished, true)
  })
  let connections = 0
  server.on('connection', () => connections++)
  for (let round = 1; round <= 3; round++) {
    client.write(get())
    await until(() => client.text.split('0\r\n\r\n').length === round + 1, 'another whole answer')
  }
  t.equal(client.text.split('three').length, 4)
  t.ok(connections <= 1)
})

t.test('a pipelined response waits for its turn, and then goes straight as well', async (t) => {
  let endFirst: () => void = () => {}
  let second: ServerResponse | undefined
  const { client } = await setUp(t, async (writer, res, req) => {
    if (req.url === '/second') second = res
    await stream(writer, res, [`${req.url} one`], [`${req.url} two`])
    if (req.url === '/first') await new Promise<void>((resolve) => { endFirst = resolve })
    await stream2(writer, req.url!)
    writer.end()
  })
  async function stream2 (writer: AnswerWriter, url: string): Promise<void> {
    writer.write(Buffer.from(`${url} three`))
    await turn()
  }
  client.write(get('/first') + get('/second'))
  await client.has('/first two')
  await until(() => second?.writableEnded === true, 'the second answer to be written')
  t.notMatch(client.text, '/second', 'nothing of it stands inside the first')
  endFirst()
  await until(() => client.text.split('0\r\n\r\n').length === 3, 'both to end')
  const [first, , rest] = client.text.split(/0\r\n\r\n(HTTP)/)
  t.match(first, /one\r\n.*two\r\n.*three\r\n$/s)
  t.match(rest, /second one\r\n.*second two\r\n.*second three\r\n0\r\n\r\n$/s)
})

t.test('HTTP/1.0, a known length, HEAD and 204 have no chunks', async (t) => {
  const { client } = await setUp(t, async (writer, res, { url }) => {
    if (url === '/length') res.setHeader('content-length', 9)
    if (url === '/204') res.statusCode = 204
    res.writeHead(res.statusCode)
    for (const text of ['one', 'two', 'end']) {
      writer.write(Buffer.from(text))
      await turn()
    }
    writer.end()
  })
  client.write(get('/length'))
  await client.has('onetwoend')
  t.equal(bodyOf(client.text), 'onetwoend')
  let before = client.text.length
  const next = async (request: string) => {
    client.write(request)
    await until(() => client.text.length > before && client.text.endsWith('\r\n\r\n'), 'an answer')
    for (let i = 0; i < 10; i++) await turn()
    const answer = client.text.slice(before)
    before = client.text.length
    return answer
  }
  t.equal(bodyOf(await next(get('/', '1.1', 'HEAD'))), '')
  t.equal(bodyOf(await next(get('/204'))), '')
  client.write(get('/', '1.0'))
  t.equal(bodyOf((await client.end()).slice(before)), 'onetwoend')
})

t.test('a client that does not read is told of, and again when it reads; nothing stays on the connection', async (t) => {
  let answered = 0
  const { client, told, server } = await setUp(t, async (writer, res, _req, told) => {
    await stream(writer, res, ['begin'])
    for (let count = 0; !told.includes('full'); count++) {
      writer.write(Buffer.alloc(30_000, 'z'))
      await turn()
    }
    await until(() => told.includes('drained'), 'the client to read')
    t.equal(told.length, 2)
    writer.end(Buffer.from('last'))
    await once(res, 'close')
    answered++
  })
  let drains = -1
  server.on('connection', (socket) => { drains = socket.listenerCount('drain') })
  client.socket.pause()
  client.write(get())
  await until(() => told.includes('full'), 'the writer to find the connection full')
  client.socket.resume()
  await client.has('last')
  await until(() => answered === 1, 'the response to close')
  t.ok(drains >= 0)
})

t.test('a client that leaves in the middle leaves nothing behind', async (t) => {
  let socket: import('node:net').Socket | undefined
  let closed = false
  const { client } = await setUp(t, async (writer, res) => {
    socket = res.socket!
    const listeners = socket.listenerCount('drain')
    await stream(writer, res, ['one'], ['two'])
    client.socket.destroy()
    res.on('close', () => { closed = true })
    await until(() => {
      writer.write(Buffer.alloc(30_000))
      return closed
    }, 'the response to close')
    writer.write(Buffer.from('nobody reads this'))
    writer.end()
    t.ok(socket.listenerCount('drain') <= listeners)
  })
  client.write(get())
  await until(() => closed, 'the response to close')
  await turn()
})
