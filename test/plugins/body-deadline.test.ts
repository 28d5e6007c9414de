import { connect } from 'node:net'
import fastify from 'fastify'
import t, { type Test } from 'tap'
import bodyDeadline from '../../src/plugins/body-deadline.ts'
import { streamBody } from '../../src/plugins/native-body.ts'
import requestLog from '../../src/plugins/request-log.ts'

async function start (t: Test) {
  const clock = { now: 0 }
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(requestLog)
  await app.register(bodyDeadline, { deadline: 1_000, sweep: 5, clock: () => clock.now })
  app.post('/short', async () => 'well')
  await app.register(async (scope) => {
    streamBody(scope, 'text/plain')
    scope.post('/long', { config: { longBody: true } }, async (request) => {
      let length = 0
      for await (const chunk of request.body as AsyncIterable<Buffer>) length += chunk.length
      return `got ${length}`
    })
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  /** Sends the beginning of a request. */
  const begin = (path: string, type: string, part: string) => {
    const socket = connect((app.server.address() as { port: number }).port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: 10\r\n\r\n${part}`)
    const text = socket.setEncoding('utf8').toArray().then((parts) => parts.join(''))
    return { socket, text }
  }
  return { app, clock, begin }
}

t.test('a body that does not arrive in time is told 408, and the connection is closed', async (t) => {
  const { begin, clock, app } = await start(t)
  const arrived = new Promise<void>((resolve) => app.server.once('request', () => resolve()))
  const { text } = begin('/short', 'application/json', '{"a"')
  await arrived
  clock.now = 1_000
  const answer = await text
  t.match(answer, /^HTTP\/1\.1 408 Request Timeout\r\n/)
  t.match(answer, /connection: close/i)
  t.match(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)), { type: 'error', error: { type: 'timeout_error', message: /send it again/ } })
})

t.test('a body that arrives in time is not cut, however long its answer takes', async (t) => {
  const { begin, clock } = await start(t)
  const { socket, text } = begin('/short', 'application/json', '{"a"')
  socket.write(':1234}')
  clock.now = 1_000
  socket.end()
  t.match(await text, /^HTTP\/1\.1 200 /)
})

t.test('a route that streams its body is left alone', async (t) => {
  const { begin, clock, app } = await start(t)
  const arrived = new Promise<void>((resolve) => app.server.once('request', () => resolve()))
  const { socket, text } = begin('/long', 'text/plain', 'abc')
  await arrived
  clock.now = 100_000
  // Whoever came later is cut by the next sweep: when that is told, the stream has outlived it.
  const second = new Promise<void>((resolve) => app.server.once('request', () => resolve()))
  const late = begin('/short', 'application/json', '{"a"')
  await second
  clock.now = 200_000
  t.match(await late.text, /^HTTP\/1\.1 408/)
  socket.end('defghij')
  t.match(await text, /got 10$/)
})
