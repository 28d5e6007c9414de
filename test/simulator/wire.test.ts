import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { Wire } from '../../src/simulator/wire.ts'
import { bodyOf, exchange, listening, open } from './helpers.ts'

type Test = Parameters<typeof listening>[0]

/** A server that sends the frames over a wire, as fast as it can. */
async function sending (t: Test, frames: Iterable<string>): Promise<string> {
  const server = createServer(async (_request, response) => {
    const wire = new Wire(response, { headers: {}, frames, streaming: true, paceMs: 0, requestId: 'req_1' })
    await wire.send()
    wire.end()
  })
  t.teardown(() => server.close().closeAllConnections())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Frames of a kilobyte that tell how many were taken. */
function counted (total: number) {
  const count = { taken: 0 }
  function * frames () {
    for (; count.taken < total; count.taken++) yield 'x'.repeat(1024)
  }
  return { count, frames: frames() }
}

t.test('frames are not made faster than the client reads', async (t) => {
  const { count, frames } = counted(50_000)
  const outgoing = open(await sending(t, frames), undefined)
  t.teardown(() => outgoing.destroy())
  const [response] = await once(outgoing, 'response') as [IncomingMessage]
  response.pause()
  t.ok(count.taken < 50_000, `${count.taken} taken`)
})

t.test('a client that reads gets all frames', async (t) => {
  const { frames } = counted(5_000)
  const { text, complete } = await exchange(await sending(t, frames), undefined)
  t.equal(text.length, 5_000 * 1024)
  t.ok(complete)
})

t.test('a client that goes away in the middle of a paced stream stops the work', async (t) => {
  const { app, url } = await listening(t, { paceMs: 10 })
  const outgoing = open(url, bodyOf('count to 1000', { stream: true }))
  outgoing.on('error', () => {})
  const [response] = await once(outgoing, 'response') as [IncomingMessage]
  await once(response, 'data')
  const aborted = once(app.simulator, 'aborted')
  response.destroy()
  await aborted
  t.match(app.simulator, { open: 0, aborted: 1 })
})

t.test('connections are counted while they are open', async (t) => {
  const { app, url } = await listening(t)
  const outgoing = open(url, bodyOf('say hi', { stream: true }), { 'anthropic-simulator-fault': 'silence' })
  outgoing.on('error', () => {})
  await once(outgoing, 'response')
  t.equal(app.simulator.connections, 1)
  outgoing.destroy()
  await once(app.simulator, 'aborted')
  t.equal(app.simulator.connections, 0)
})
