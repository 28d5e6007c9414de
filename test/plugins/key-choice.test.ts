import t from 'tap'
import { createKeyPool } from '../../src/plugins/key-pool.ts'

const START = Date.parse('2026-11-22T12:00:00Z')
const MODEL = 'claude-sonnet-5-5'
const CONVERSATIONS = Array.from({ length: 40 }, (_, i) => `conversation ${i}`)

const limits = (remaining: number, reset = '2026-11-22T12:01:00Z') => ({
  'anthropic-ratelimit-requests-limit': '1000',
  'anthropic-ratelimit-requests-remaining': String(remaining),
  'anthropic-ratelimit-requests-reset': reset
})

/** Two workspaces of two organisations, `a` and `b`. */
function pool (strategy: 'round_robin' | 'random' | 'affinity', draws: number[] = []) {
  const clock = { now: START }
  const keys = ['a', 'b'].map((name) => ({ key: `sk-ant-made-up-${name}`, org: name, workspace: name }))
  const pool = createKeyPool({ keys, strategy, clock: () => clock.now, random: () => draws.shift() ?? 0 })
  const use = (request: { affinity?: string, continued?: boolean, model?: string } = {}) => {
    const lease = pool.acquire({ model: MODEL, ...request })
    lease.settle({ kind: 'ok' })
    return lease.key.at(-1)!
  }
  /** Lets an answer say how much of a key's limit is left. */
  const tell = (name: string, remaining: number) => {
    const lease = pool.acquire({ model: MODEL, workspace: name })
    lease.settle({ kind: 'ok' })
    lease.observe(limits(remaining))
  }
  return { pool, clock, use, tell }
}

for (const strategy of ['round_robin', 'random'] as const) {
  t.test(`${strategy} spares a key whose limit is nearly used up, until its reset`, async (t) => {
    const { use, tell, clock } = pool(strategy, [0, 0.9, 0, 0.9, 0, 0.9])
    tell('a', 10)
    t.same([use(), use(), use(), use()], ['b', 'b', 'b', 'b'])
    clock.now += 60_000
    t.same(new Set([use(), use()]), new Set(['a', 'b']))
  })
}

t.test('only for the model that it is about', async (t) => {
  const { use, tell } = pool('round_robin')
  tell('a', 10)
  t.same(new Set([use({ model: 'other' }), use({ model: 'other' })]), new Set(['a', 'b']))
})

t.test('when all are near, all are used', async (t) => {
  const { use, tell } = pool('round_robin')
  tell('a', 10)
  tell('b', 10)
  t.same(new Set([use(), use()]), new Set(['a', 'b']))
})

t.test('affinity: conversations that go on stay, and new ones begin elsewhere and stay there', async (t) => {
  const { use, tell, clock } = pool('affinity')
  const old = CONVERSATIONS.slice(0, 20)
  const homes = old.map((affinity) => use({ affinity }))
  t.same(new Set(homes), new Set(['a', 'b']))
  tell('a', 10)
  t.same(old.map((affinity) => use({ affinity, continued: true })), homes, 'their caches are there')
  const fresh = CONVERSATIONS.slice(20)
  t.same(new Set(fresh.map((affinity) => use({ affinity }))), new Set(['b']))
  clock.now += 60_000
  t.same(new Set(fresh.map((affinity) => use({ affinity, continued: true }))), new Set(['b']), 'also when the limit is whole again')
  t.same(old.map((affinity) => use({ affinity, continued: true })), homes)
})

t.test('affinity: a request without past in a conversation that is known, such as a title, does not move it', async (t) => {
  const { use, tell } = pool('affinity')
  const homes = CONVERSATIONS.map((affinity) => use({ affinity }))
  tell('a', 10)
  t.same(CONVERSATIONS.map((affinity) => use({ affinity })), homes)
})

t.test('affinity: a conversation with a past that nobody here remembers stays at home', async (t) => {
  const homes = CONVERSATIONS.map((affinity) => pool('affinity').use({ affinity }))
  const { use, tell } = pool('affinity')
  tell('a', 10)
  t.same(CONVERSATIONS.map((affinity) => use({ affinity, continued: true })), homes)
})

t.test('the trail says who was spared', async (t) => {
  const { pool: p, tell } = pool('round_robin')
  tell('a', 10)
  const trail: string[] = []
  p.acquire({ model: MODEL, trail })
  t.match(trail, [/^key_\w+ spared if possible: .*nearly used up$/, /^key_\w+$/])
})
