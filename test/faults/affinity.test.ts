import t, { type Test } from 'tap'
import { Agent } from 'undici'
import { buildSimulator } from '../../src/simulator/app.ts'
import { startGateway, type ConfigChanges } from '../helpers/gateway.ts'

const CONVERSATIONS = 200
const TURNS = 10

type Strategy = NonNullable<NonNullable<ConfigChanges['claude']>['key_strategy']>

interface Usage { cache_read_input_tokens: number, cache_creation_input_tokens: number }

/** Holds all conversations turn by turn. @returns the share of cached prompt tokens that were read, and how many workspaces each conversation saw */
async function hold (t: Test, strategy: Strategy) {
  const keys = new Map<string, Set<string>>()
  const simulator = buildSimulator({
    onRequest: ({ headers, body }) => {
      const { system } = JSON.parse(body.toString()) as { system: [{ text: string }] }
      const seen = keys.get(system[0].text) ?? new Set()
      keys.set(system[0].text, seen.add(String(headers['x-api-key'])))
    }
  })
  t.teardown(() => simulator.close())
  const url = await simulator.listen({ host: '127.0.0.1', port: 0 })
  const gateway = await startGateway(t, url, { claude: { key_strategy: strategy, api_keys: [1, 2, 3, 4].map((n) => ({ key: `sk-ant-sim-affine-${n}-made-up` })) } })
  const dispatcher = new Agent({ connections: 20 })
  t.teardown(() => dispatcher.destroy())
  let read = 0
  let created = 0

  async function turn (conversation: number, turns: number): Promise<void> {
    const answer = await dispatcher.request({
      origin: gateway.url, path: '/v1/messages', method: 'POST', headers: gateway.headers, body: JSON.stringify(body(conversation, turns))
    })
    const { usage } = await answer.body.json() as { usage: Usage }
    read += usage.cache_read_input_tokens
    created += usage.cache_creation_input_tokens
  }

  for (let turns = 1; turns <= TURNS; turns++) {
    // Shifted, for people do not take turns: else the turns of the keys could by chance be those of the conversations.
    await Promise.all(Array.from({ length: CONVERSATIONS }, (_, i) => turn((i + turns) % CONVERSATIONS, turns)))
  }
  return { share: read / (read + created), workspaces: [...keys.values()].map(({ size }) => size) }
}

/** A conversation after some turns; a marker of the cache moves with them, as clients let it. */
function body (conversation: number, turns: number): object {
  const past = Array.from({ length: turns - 1 }, (_, i) => [{ role: 'user', content: `question ${i}` }, { role: 'assistant', content: `answer ${i}` }]).flat()
  return {
    model: 'claude-sonnet-5-5',
    max_tokens: 16,
    system: [{ type: 'text', text: `You are the guide of tour number ${conversation}. `.repeat(20), cache_control: { type: 'ephemeral' } }],
    messages: [...past, { role: 'user', content: [{ type: 'text', text: `question ${turns - 1}`, cache_control: { type: 'ephemeral' } }] }]
  }
}

t.test('affinity keeps every turn of a conversation in one workspace, where its cache is', { timeout: 300_000 }, async (t) => {
  const affinity = await hold(t, 'affinity')
  const roundRobin = await hold(t, 'round_robin')
  t.comment(`cached share: affinity ${affinity.share.toFixed(3)}, round robin ${roundRobin.share.toFixed(3)}`)
  t.equal(affinity.workspaces.length, CONVERSATIONS)
  t.ok(affinity.workspaces.every((size) => size === 1), 'one workspace each')
  t.ok(roundRobin.workspaces.some((size) => size > 1))
  t.ok(affinity.share > 0.89, 'all turns but the first read from the cache')
  t.ok(affinity.share > roundRobin.share)
})
