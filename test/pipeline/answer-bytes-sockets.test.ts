import t from 'tap'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Agent } from 'node:http'
import type { ServerResponse } from 'node:http'
import { startGateway } from '../helpers/gateway.ts'
import { send } from '../helpers/raw-client.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { until } from '../helpers/until.ts'
import { SSE_HEADERS, startUpstream } from '../helpers/upstream.ts'
import { CRLF_FIXTURE, FIXTURE, USAGE } from './fixture.ts'

// Over real sockets, with the second half sent only after the gateway has read the first: around every line end, and inside characters.

let taken = 0
const count = (message: unknown): void => { taken += (message as { chunk: Buffer }).chunk.length }
subscribe('undici:request:bodyChunkReceived', count)
t.teardown(() => unsubscribe('undici:request:bodyChunkReceived', count))

let bytes = Buffer.alloc(0)
let cut = 0

async function inTwo (res: ServerResponse): Promise<void> {
  res.writeHead(200, SSE_HEADERS)
  const before = taken
  if (cut > 0) res.write(bytes.subarray(0, cut))
  await until(() => taken - before >= cut, `the gateway to read ${cut} bytes`)
  res.end(bytes.subarray(cut))
}

const upstream = await startUpstream(t, (res) => { inTwo(res).catch((error: Error) => res.destroy(error)) })
const gateway = await startGateway(t, upstream.url, { log: { level: 'info' } })
const agent = new Agent({ keepAlive: true })
t.teardown(() => agent.destroy())

function interestingCuts (): number[] {
  const cuts = new Set<number>()
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === 0x0a) for (let near = at - 2; near <= at + 3; near++) cuts.add(near)
    if (bytes[at]! >= 0x80) cuts.add(at).add(at + 1)
  }
  return [...cuts].filter((cut) => cut >= 0 && cut < bytes.length)
}

for (const [name, text] of [['LF', FIXTURE], ['CRLF', CRLF_FIXTURE]] as const) {
  t.test(`a stream with ${name}`, async (t) => {
    bytes = Buffer.from(text)
    const cuts = interestingCuts()
    gateway.log.length = 0
    for (cut of cuts) {
      const answer = await send(gateway.url, { headers: gateway.headers, body: STREAMING, agent })
      if (!answer.whole || !answer.body.equals(bytes)) t.equal(answer.body.toString(), text, `cut at byte ${cut}`)
    }
    await settled(gateway.app)
    const lines = gateway.log.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line['msg'] === 'request')
    t.equal(lines.length, cuts.length)
    t.same(lines.filter((line) => Object.entries(USAGE).some(([name, count]) => line[name] !== count)), [], 'every line counts the same tokens')
  })
}
