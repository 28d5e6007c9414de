import t from 'tap'
import { Agent } from 'undici'
import { buildSimulator } from '../../src/simulator/app.ts'
import { startGateway } from '../helpers/gateway.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { parseEvents } from '../helpers/sse.ts'

const REQUESTS = 10_000
const FAULTS = ['', '', '', '', '400', '500', '529', 'overloaded-first', 'error-mid', 'reset-before', 'reset-mid', 'truncate', 'bytewise', 'split-utf8', 'abort']

/** A small generator with a seed, so that a failure can be had again. Source: Mulberry32. */
function seeded (seed: number): () => number {
  return () => {
    seed = (seed + 0x6D2B79F5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

t.test('10,000 requests with random faults: every answer is whole or ends in a readable error, and nothing is left', { timeout: 600_000 }, async (t) => {
  const simulator = buildSimulator()
  t.teardown(() => simulator.close())
  const url = await simulator.listen({ host: '127.0.0.1', port: 0 })
  const gateway = await startGateway(t, url, { claude: { api_keys: [1, 2, 3].map((n) => ({ key: `sk-ant-sim-soak-${n}-made-up` })) } })
  const dispatcher = new Agent({ connections: 40 })
  t.teardown(() => dispatcher.destroy())
  const random = seeded(20_261_122)
  const wrong: string[] = []
  const tally: Record<string, number> = {}

  async function one (): Promise<void> {
    const fault = FAULTS[Math.floor(random() * FAULTS.length)]!
    const abort = new AbortController()
    const headers = fault === '' || fault === 'abort' ? gateway.headers : { ...gateway.headers, 'anthropic-simulator-fault': fault }
    let kind: string
    try {
      const answer = await dispatcher.request({ origin: gateway.url, path: '/v1/messages', method: 'POST', headers, body: STREAMING, signal: abort.signal })
      if (fault === 'abort') abort.abort()
      kind = kindOf(answer.statusCode, await answer.body.text())
    } catch (error) {
      kind = fault === 'abort' ? 'aborted' : `broke off: ${(error as Error).message}`
    }
    tally[kind] = (tally[kind] ?? 0) + 1
    if (!['whole', 'error event', 'envelope', 'aborted'].includes(kind)) wrong.push(`${fault}: ${kind}`)
  }

  let sent = 0
  await Promise.all(Array.from({ length: 40 }, async () => {
    while (sent++ < REQUESTS) await one()
  }))
  t.comment(JSON.stringify(tally))
  t.same(wrong, [])
  t.ok(tally['whole']! > 1_000 && tally['error event']! > 1_000 && tally['envelope']! > 500 && tally['aborted']! > 300, 'every kind was met')
  await settled(gateway.app)
  t.equal(gateway.app.exchanges.size, 0)
  t.equal(gateway.app.keyPool.stats().healthy_keys, 3, 'no key is blamed for any of it')
})

function kindOf (status: number, text: string): string {
  if (status !== 200) return (JSON.parse(text) as { type: string }).type === 'error' ? 'envelope' : `no envelope: ${text.slice(0, 100)}`
  const events = parseEvents(text)
  const errors = events.filter(({ event }) => event === 'error').length
  const stops = events.filter(({ event }) => event === 'message_stop').length
  if (stops === 1 && errors === 0 && events.at(-1)?.event === 'message_stop') return 'whole'
  return errors >= 1 && stops === 0 ? 'error event' : `${errors} errors, ${stops} stops`
}
