import t, { type Test } from 'tap'
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { startGateway, type TestGateway } from '../helpers/gateway.ts'
import { Exchange, rawPost } from '../helpers/raw-client.ts'
import { messages, settled, STREAMING } from '../helpers/settled.ts'
import { until } from '../helpers/until.ts'
import { MESSAGE_START, SSE_HEADERS, startUpstream, textDelta } from '../helpers/upstream.ts'

const ABORTS = 2_000
const AT_ONCE = 50
/** One in this many aborts is of a client that does not read: each of them fills the kernel's buffers first. */
const PAUSED_SHARE = 20

const BIG = textDelta('x'.repeat(1_048_576))

/** Answers as the prompt asks, and never to the end; `asked` resolves each request's name once it has come. */
async function startEndless (t: Test) {
  const asked = new Map<string, () => void>()
  let open = 0
  const upstream = await startUpstream(t, (res, { body }) => {
    open++
    res.once('close', () => open--)
    const { stream, name = '' } = JSON.parse(body.toString()) as { stream?: boolean, name?: string }
    if (name.startsWith('silent')) return asked.get(name)?.()
    if (stream !== true) return res.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    if (name.startsWith('paused')) for (let i = 0; i < 10; i++) res.write(BIG)
  })
  return { ...upstream, asked, open: () => open }
}

function body (name: string): string {
  return messages({ stream: true, name })
}

type Upstream = Awaited<ReturnType<typeof startEndless>>

async function abortAtOnce (gateway: TestGateway, _upstream: Upstream, id: number): Promise<void> {
  const client = connect(gateway.port, '127.0.0.1')
  client.on('error', () => {})
  await once(client, 'connect')
  client.write(rawPost(gateway.token, body(`at once ${id}`)), () => client.destroy())
  await once(client, 'close')
}

async function abortBeforeHeaders (gateway: TestGateway, upstream: Upstream, id: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  upstream.asked.set(`silent ${id}`, resolve)
  const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: body(`silent ${id}`) })
  await promise
  upstream.asked.delete(`silent ${id}`)
  exchange.leave()
}

async function abortMidStream (gateway: TestGateway, _upstream: Upstream, id: number): Promise<void> {
  const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: body(`stream ${id}`) })
  await once(await exchange.head, 'data')
  exchange.leave()
}

async function abortWhilePaused (gateway: TestGateway, _upstream: Upstream, id: number): Promise<void> {
  const client = connect(gateway.port, '127.0.0.1')
  client.on('error', () => {})
  client.pause()
  await once(client, 'connect')
  const { localPort } = client
  client.write(rawPost(gateway.token, body(`paused ${id}`)))
  await until(() => gatewaySide.get(localPort!)?.writableNeedDrain === true, 'the gateway to wait for the client')
  client.destroy()
}

const KINDS = [abortAtOnce, abortBeforeHeaders, abortMidStream]
const gatewaySide = new Map<number, Socket>()

/** What must not grow: sockets, timers and listeners of the process. */
function resources (): Record<string, number> {
  const counts: Record<string, number> = { listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0) }
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1
  return counts
}

t.test(`after ${ABORTS} aborts in all windows nothing is left`, { timeout: 110_000 }, async (t) => {
  const upstream = await startEndless(t)
  const gateway = await startGateway(t, upstream.url)
  gateway.app.server.on('connection', (socket: Socket) => {
    const port = socket.remotePort!
    gatewaySide.set(port, socket)
    socket.once('close', () => gatewaySide.delete(port))
  })
  const before = resources()

  let next = 0
  async function worker (): Promise<void> {
    while (next < ABORTS) {
      const id = next++
      const abort = id % PAUSED_SHARE === 0 ? abortWhilePaused : KINDS[id % KINDS.length]!
      await abort(gateway, upstream, id)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))

  await settled(gateway.app)
  await until(() => upstream.open() === 0, 'the upstream requests to end')
  await until(() => gatewaySide.size === 0, 'the clients\' connections to close')
  t.equal(gateway.app.exchanges.size, 0)
  t.equal(gateway.app.keyPool.stats().keys[0]?.error_count, 0, 'no abort is held against the key')

  // A connection made for a request that was given up in time may stay for the next one.
  const idle = await new Promise<number>((resolve) => upstream.server.getConnections((_error, count) => resolve(count)))
  t.ok(idle <= AT_ONCE, `${idle} upstream connections are open`)
  const after = resources()
  t.equal(after['listeners'], before['listeners'])
  t.ok((after['TCPSocketWrap'] ?? 0) - (before['TCPSocketWrap'] ?? 0) <= 2 * idle, `${after['TCPSocketWrap']} sockets`)
  t.ok((after['Timeout'] ?? 0) - (before['Timeout'] ?? 0) <= idle + 2, `${after['Timeout']} timers`)

  await gateway.app.close()
  await until(async () => await new Promise<number>((resolve) => upstream.server.getConnections((_error, count) => resolve(count))) === 0,
    'the upstream connections to close with the gateway')
})

t.test('a connection goes on serving after many aborts of others', async (t) => {
  const upstream = await startEndless(t)
  const gateway = await startGateway(t, upstream.url)
  for (let id = 0; id < 20; id++) {
    const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })
    await exchange.has('message_start')
    exchange.leave()
  }
  const answer = await new Exchange(gateway.url, { headers: gateway.headers, body: messages({ name: 'last' }) }).done
  t.equal(answer.whole, true)
  await settled(gateway.app)
})
