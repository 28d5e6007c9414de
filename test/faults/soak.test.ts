import t from 'tap'
import { Agent } from 'undici'
import { buildSimulator } from '../../src/simulator/app.ts'
import type { KeyPool } from '../../src/plugins/key-pool.ts'
import { startGateway } from '../helpers/gateway.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { parseEvents } from '../helpers/sse.ts'
import { until } from '../helpers/until.ts'

const REQUESTS = 10_000
const FAULTS = ['', '', '', '', '400', '500', '529', 'overloaded-first', 'error-mid', 'reset-before', 'reset-mid', 'truncate', 'bytewise', 'split-utf8', 'abort']

/** Keys that fall ill in the midst of it, two of them in one organisation, and one that is always well. */
const KEYS = ['org-a-fault-401;after=200;times=1', 'org-b-fault-429;after=300;times=40;retry-after=1', 'org-b-well', 'org-c-fault-credit;after=400;times=2', 'org-d-well']
  .map((words) => ({ key: `sk-ant-sim-${words}-made-up` }))

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
  const timersBefore = timers()
  const simulator = buildSimulator()
  t.teardown(() => simulator.close())
  const url = await simulator.listen({ host: '127.0.0.1', port: 0 })
  const gateway = await startGateway(t, url, { claude: { api_keys: KEYS } })
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
  let done = 0
  await Promise.all(Array.from({ length: 40 }, async () => {
    while (sent++ < REQUESTS) {
      await one()
      if (++done % 500 === 0) meddle(gateway.app.keyPool, done)
    }
  }))
  t.comment(JSON.stringify(tally))
  t.same(wrong, [])
  t.ok(tally['whole']! > 1_000 && tally['error event']! > 1_000 && tally['envelope']! > 500 && tally['aborted']! > 300, 'every kind was met')
  await settled(gateway.app)
  t.equal(gateway.app.exchanges.size, 0)
  const { keys } = gateway.app.keyPool.stats()
  t.comment(keys.map(({ state, request_count: requests, error_count: errors, last_error_reason: reason }) => `${state} ${requests}/${errors} ${reason}`).join('\n'))
  t.equal(keys.length, KEYS.length)
  for (const { id } of keys) gateway.app.keyPool.reset(id)
  t.equal(gateway.app.keyPool.stats().healthy_keys, KEYS.length)
  await gateway.app.close()
  await dispatcher.destroy()
  await until(() => simulator.simulator.connections === 0 && simulator.simulator.open === 0, 'every upstream socket to close')
  await simulator.close()
  await until(() => timers() <= timersBefore, 'every timer to end')
})

/** What an operator may do in the midst of it. */
function meddle (keyPool: KeyPool, turn: number): void {
  const ids = keyPool.stats().keys.map(({ id }) => id)
  if (turn >= 9_500) return ids.forEach((id) => keyPool.setDisabled(id, false))
  const id = ids[turn / 500 % ids.length]!
  keyPool.setDisabled(id, turn % 1_000 === 0)
  if (turn % 1_500 === 0) keyPool.reset(id)
  if (turn === 5_000) keyPool.configure(KEYS.slice(1), 'env')
  if (turn === 6_000) keyPool.configure(KEYS, 'env')
}

/** Timers that keep the process alive. */
function timers (): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

function kindOf (status: number, text: string): string {
  if (status !== 200) return (JSON.parse(text) as { type: string }).type === 'error' ? 'envelope' : `no envelope: ${text.slice(0, 100)}`
  const events = parseEvents(text)
  const errors = events.filter(({ event }) => event === 'error').length
  const stops = events.filter(({ event }) => event === 'message_stop').length
  if (stops === 1 && errors === 0 && events.at(-1)?.event === 'message_stop') return 'whole'
  return errors >= 1 && stops === 0 ? 'error event' : `${errors} errors, ${stops} stops`
}
