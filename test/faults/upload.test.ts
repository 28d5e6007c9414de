import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { startGateway, type ConfigChanges } from '../helpers/gateway.ts'
import { head } from '../helpers/raw-upstream.ts'
import { settled } from '../helpers/settled.ts'
import { until } from '../helpers/until.ts'

const MADE = '{"id":"file_madeUp0000001","type":"file"}'
const ok = head('200 OK', 'content-type: application/json', `content-length: ${MADE.length}`) + MADE
const refusal = '{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}'

/** A client that sends a form in pieces, as it is told. */
async function start (t: Test, answer: (upstream: Socket) => void, changes: ConfigChanges = {}) {
  const sockets: Socket[] = []
  const server = createServer((upstream) => {
    sockets.push(upstream)
    upstream.on('error', () => {})
    answer(upstream)
    upstream.resume()
  })
  t.teardown(() => {
    server.close()
    for (const upstream of sockets) upstream.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const gateway = await startGateway(t, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, changes)
  const socket = connect(gateway.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  const text = new Promise<string>((resolve) => {
    let got = ''
    socket.setEncoding('utf8').on('data', (part: string) => {
      got += part
      if (/\r\n\r\n.*\}$/s.test(got)) resolve(got)
    }).on('close', () => resolve(got))
  })
  const begin = (length: number | 'chunked') => socket.write(
    `POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: ${gateway.headers['authorization']}\r\nanthropic-version: 2026-10-21\r\n` +
    `content-type: multipart/form-data; boundary=b\r\n${length === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${length}`}\r\n\r\n`)
  return { sockets, gateway, socket, begin, text }
}

async function nothingIsLeft ({ app }: Awaited<ReturnType<typeof startGateway>>): Promise<void> {
  await settled(app)
  await until(() => app.exchanges.size === 0 && app.keyPool.leases === 0, 'everything to be given back')
}

t.test('an upload reaches the upstream as it comes, before it is whole', async (t) => {
  let seen = 0
  const { gateway, socket, begin, text } = await start(t, (upstream) => {
    upstream.on('data', (chunk: Buffer) => { seen += chunk.length })
    until(() => seen > 1_500_000, 'the whole body').then(() => upstream.write(ok), () => {})
  })
  begin(2_000_000)
  socket.write(Buffer.alloc(1_000_000))
  await until(() => seen > 1_000_000, 'the first half')
  socket.write(Buffer.alloc(1_000_000))
  t.match(await text, /^HTTP\/1\.1 200 OK.*file_madeUp0000001/s)
  t.equal(gateway.app.resources.size, 1)
  await nothingIsLeft(gateway)
})

t.test('a client that leaves in the midst of it takes the upstream request with it, and no key is blamed', async (t) => {
  let closed = false
  let seen = 0
  const { gateway, socket, begin } = await start(t, (upstream) => {
    upstream.on('data', (chunk: Buffer) => { seen += chunk.length })
    upstream.on('close', () => { closed = true })
  })
  begin(1_000_000)
  socket.write(Buffer.alloc(10_000))
  await until(() => seen > 10_000, 'the first part')
  socket.destroy()
  await until(() => closed, 'the upstream request to end')
  await nothingIsLeft(gateway)
  t.match(gateway.app.keyPool.stats().keys, [{ error_count: 0, state: 'ready' }])
  t.equal(gateway.app.resources.size, 0)
})

t.test('an upstream that dies in the midst of it is told as what it is', async (t) => {
  const { gateway, socket, begin, text } = await start(t, (upstream) => { upstream.once('data', () => upstream.resetAndDestroy()) })
  begin(1_000_000)
  socket.write(Buffer.alloc(10_000))
  t.match(await text, /^HTTP\/1\.1 502 .*"type":"error","error":\{"type":"api_error"/s)
  await nothingIsLeft(gateway)
  t.match(gateway.app.keyPool.stats().keys, [{ error_count: 1, last_error_reason: /could not be reached/ }])
})

t.test('an upstream that answers before the body is whole is heard', async (t) => {
  const { gateway, socket, begin, text, sockets } = await start(t, (upstream) => {
    upstream.once('data', () => upstream.write(head('401 Unauthorized', 'content-type: application/json', `content-length: ${refusal.length}`) + refusal))
  })
  begin(1_000_000)
  socket.write(Buffer.alloc(10_000))
  t.match(await text, /^HTTP\/1\.1 401 .*invalid x-api-key/s)
  await nothingIsLeft(gateway)
  t.equal(sockets.length, 1, 'and the upload is not sent again')
})

t.test('a client that stops sending is told so, and let go', async (t) => {
  const { gateway, socket, begin, text } = await start(t, () => {}, { server: { stall_timeout: 30 } })
  begin(1_000_000)
  socket.write(Buffer.alloc(10_000))
  t.match(await text, /^HTTP\/1\.1 408 .*stopped coming/s)
  await nothingIsLeft(gateway)
})

t.test('a body without a length is stopped where it grows too long', async (t) => {
  let seen = 0
  const { gateway, socket, begin, text } = await start(t, (upstream) => { upstream.on('data', (chunk: Buffer) => { seen += chunk.length }) })
  begin('chunked')
  const piece = Buffer.alloc(1024 * 1024)
  const told = { isOver: false }
  text.then(() => { told.isOver = true }, () => {})
  for (let i = 0; i < 600 && !told.isOver; i++) {
    const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
    await new Promise<void>((resolve) => { socket.write(chunk, () => resolve()) })
  }
  t.match(await text, /^HTTP\/1\.1 413 .*larger than 501 MiB/s)
  t.ok(seen <= 502 * 1024 * 1024)
  await nothingIsLeft(gateway)
})

for (const [what, end] of [
  ['a revoked token', ({ app, tokenId }: Awaited<ReturnType<typeof startGateway>>) => app.tokens.revoke(tokenId)],
  ['a gateway that closes', async ({ app }: Awaited<ReturnType<typeof startGateway>>) => app.exchanges.endAll((await import('../../src/plugins/exchanges.ts')).shutdownError())]
] as const) {
  t.test(`${what} ends a running upload`, async (t) => {
    let seen = 0
    const { gateway, socket, begin, text } = await start(t, (upstream) => { upstream.on('data', (chunk: Buffer) => { seen += chunk.length }) })
    begin(1_000_000)
    socket.write(Buffer.alloc(10_000))
    await until(() => seen > 10_000, 'the first part')
    await end(gateway)
    t.match(await text, /^HTTP\/1\.1 (401|503) .*(revoked|shutting down)/s)
    await nothingIsLeft(gateway)
  })
}
