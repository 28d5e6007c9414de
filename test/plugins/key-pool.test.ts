import t from 'tap'
import fc from 'fast-check'
import { FAULTS } from '../../src/upstreams/fault-table.ts'
import type { AttemptOutcome } from '../../src/upstreams/faults.ts'
import { createKeyPool, type KeyPool, type KeyPoolDeps, type Lease } from '../../src/plugins/key-pool.ts'

const START = Date.parse('2026-11-22T12:00:00Z')
const MODEL = 'claude-sonnet-5-5'

/** An outcome by the name of its row in the table of faults. */
function fault (name: string, retryAfter: number | null = null): AttemptOutcome {
  return { kind: 'fault', fault: { row: FAULTS.find((row) => row.name === name)!, retryAfter, text: null } }
}

function pool (names: string[], deps: Partial<KeyPoolDeps> = {}) {
  const clock = { now: START }
  const keys = names.map((name) => ({ key: `sk-ant-made-up-${name}`, name }))
  const pool = createKeyPool({ keys, strategy: 'round_robin', clock: () => clock.now, ...deps })
  const take = (model = MODEL) => {
    const lease = pool.acquire({ model })
    return { name: lease.key.slice('sk-ant-made-up-'.length), lease }
  }
  /** Takes a key, settles it well, and says which it was. */
  const use = (model = MODEL) => {
    const { name, lease } = take(model)
    lease.settle({ kind: 'ok' })
    return name
  }
  const refuse = () => take().lease.settle(fault('unauthorized'))
  return { pool, clock, take, use, refuse }
}

/** Why no key could be lent. */
function refusal (pool: KeyPool, model = MODEL): unknown {
  try {
    pool.acquire({ model }).settle({ kind: 'none', reason: null })
    return 'a key was lent'
  } catch (error) {
    return error
  }
}

t.test('round robin takes turns, beginning with the first', async (t) => {
  const { use } = pool(['a', 'b', 'c'])
  t.same([use(), use(), use(), use()], ['a', 'b', 'c', 'a'])
})

t.test('turns stay even while another key rests', async (t) => {
  const { use, take } = pool(['a', 'b', 'c'])
  take().lease.settle(fault('rate_limit', 60_000))
  t.same([use(), use(), use(), use()], ['b', 'c', 'b', 'c'])
})

t.test('random draws among the healthy', async (t) => {
  const draws = [0, 0.99, 0.5, 0]
  const { use, take } = pool(['a', 'b', 'c'], { strategy: 'random', random: () => draws.shift()! })
  t.same([use(), use(), use()], ['a', 'c', 'b'])
  take().lease.settle(fault('rate_limit', 60_000))
  draws.push(0)
  t.equal(use(), 'b')
})

t.test('a key that is refused leaves the pool', async (t) => {
  const { pool: p, refuse } = pool(['a'])
  t.equal(p.stats().healthy_keys, 1)
  refuse()
  t.equal(p.stats().healthy_keys, 0)
  t.match(refusal(p), { type: 'overloaded_error', status: 529, retryAfter: 10 })
})

t.test('it comes back by time, is probed by one request, and rests twice as long when refused again', async (t) => {
  const { pool: p, clock, refuse, take } = pool(['a'])
  refuse()
  t.equal(p.available, false)
  clock.now += 10_000
  t.equal(p.available, true)
  const probe = take()
  t.match(refusal(p), { code: 'all_keys_refused' }, 'nobody else while the probe is out')
  probe.lease.settle(fault('unauthorized'))
  t.match(refusal(p), { retryAfter: 20 })
  clock.now += 20_000
  take().lease.settle({ kind: 'ok' })
  t.equal(p.stats().healthy_keys, 1)
})

t.test('a returning key is tried also while others are healthy', async (t) => {
  const { clock, use, take } = pool(['a', 'b'])
  take().lease.settle(fault('unauthorized'))
  t.same([use(), use()], ['b', 'b'])
  clock.now += 10_000
  t.ok([use(), use()].includes('a'))
})

t.test('a probe given up by its client leaves room for the next', async (t) => {
  const { clock, refuse, take } = pool(['a'])
  refuse()
  clock.now += 10_000
  take().lease.settle({ kind: 'none', reason: null })
  t.equal(take().name, 'a')
})

t.test('a pause never grows beyond half an hour', async (t) => {
  const { pool: p, clock, refuse } = pool(['a'])
  for (let i = 0; i < 20; i++) {
    refuse()
    clock.now += 30 * 60_000
  }
  refuse()
  t.match(refusal(p), { retryAfter: 1_800 })
})

t.test('a rate limit rests one model of one key', async (t) => {
  const { pool: p, take, use } = pool(['a'])
  take().lease.settle(fault('rate_limit', 2_500))
  t.match(refusal(p), { type: 'rate_limit_error', status: 429, retryAfter: 3 })
  t.equal(use('claude-haiku-5-5'), 'a')
})

t.test('the earliest key that is free again sets retry-after', async (t) => {
  const { pool: p, clock, take, use } = pool(['a', 'b'])
  take().lease.settle(fault('rate_limit', 60_000))
  take().lease.settle(fault('rate_limit', 20_000))
  t.match(refusal(p), { retryAfter: 20 })
  clock.now += 20_000
  t.equal(use(), 'b')
})

t.test('a rest is clamped, and has a length of its own where the upstream names none', async (t) => {
  const { pool: p, take } = pool(['a'])
  take().lease.settle(fault('rate_limit', 18 * 86_400_000))
  t.match(refusal(p), { retryAfter: 1_800 })
  take('other').lease.settle(fault('rate_limit', null))
  t.match(refusal(p, 'other'), { retryAfter: 30 })
})

t.test('faults of the request, the platform or the client rest nothing', async (t) => {
  const { pool: p, take } = pool(['a'])
  for (let i = 0; i < 10; i++) take().lease.settle(fault(['overloaded', 'request', 'server_error', 'count_tokens'][i % 4]!))
  t.match(p.stats(), { healthy_keys: 1, keys: [{ request_count: 10, error_count: 5, consecutive_failures: 0 }] })
})

t.test('settling twice counts once', async (t) => {
  const { pool: p, take } = pool(['a'])
  const { lease } = take()
  t.equal(p.leases, 1)
  lease.settle({ kind: 'none', reason: 'x' })
  lease.settle(fault('unauthorized'))
  t.equal(p.leases, 0)
  t.match(p.stats().keys[0], { error_count: 1, consecutive_failures: 0 })
})

t.test('an empty pool names the setting that is missing', async (t) => {
  t.match(refusal(pool([]).pool), { status: 503, code: 'no_api_keys', message: /CCPROXY_CLAUDE_API_KEYS/ })
})

t.test('stats show the last eight characters, and nothing of a short key', async (t) => {
  const { pool: p, take } = pool(['long-enough-12345678'])
  take().lease.settle(fault('rate_limit', 5_000))
  t.match(p.stats(), {
    total_keys: 1,
    healthy_keys: 1,
    keys: [{
      id: /^key_[0-9a-f]{12}$/,
      name: 'long-enough-12345678',
      key: '...12345678',
      request_count: 1,
      error_count: 1,
      last_used: '2026-11-22T12:00:00.000Z',
      last_error: '2026-11-22T12:00:00.000Z',
      last_error_reason: 'the organisation is rate limited for this model',
      is_healthy: true,
      cooldowns: [{ model: MODEL, until: '2026-11-22T12:00:05.000Z', reason: 'the organisation is rate limited for this model' }]
    }]
  })
  t.equal(createKeyPool({ keys: [{ key: 'short-made-u' }], strategy: 'round_robin' }).stats().keys[0]!.key, '...')
})

t.test('a success that was on its way before a rate limit does not end it', async (t) => {
  const { pool: p, take } = pool(['a'])
  const [early, limited] = [take(), take()]
  limited.lease.settle(fault('rate_limit', 60_000))
  early.lease.settle({ kind: 'ok' })
  t.match(refusal(p), { retryAfter: 60 })
})

t.test('nor does one that was on its way before the key was taken out, and late refusals do not add up', async (t) => {
  const { pool: p, take } = pool(['a'])
  const early = Array.from({ length: 20 }, () => take().lease)
  for (const lease of early.slice(0, 19)) lease.settle(fault('unauthorized'))
  early[19]!.settle({ kind: 'ok' })
  t.match(refusal(p), { retryAfter: 10 })
})

t.test('a client that invents models cannot fill the memory: past a number of them the whole key rests', async (t) => {
  const { pool: p, take } = pool(['a'])
  for (let i = 0; i < 200; i++) {
    try {
      take(`invented-${i}`).lease.settle(fault('rate_limit', 60_000))
    } catch {
      break
    }
  }
  t.equal(p.stats().keys[0]!.cooldowns.length, 65)
  t.match(refusal(p), { status: 429, retryAfter: 60 })
})

t.test('whatever happens, leases are counted right and no key is lent that rests for the model', async () => {
  const outcome = fc.constantFrom('ok', 'unauthorized', 'rate_limit', 'overloaded', 'credit', 'hold')
  fc.assert(fc.property(fc.array(fc.tuple(outcome, fc.nat(40_000)), { maxLength: 60 }), (steps) => {
    const { pool: p, clock } = pool(['a', 'b', 'c'])
    const held: Lease[] = []
    for (const [kind, wait] of steps) {
      clock.now += wait
      let lease
      try {
        lease = p.acquire({ model: MODEL })
      } catch {
        continue
      }
      const row = p.stats().keys.find(({ id }) => id === lease.keyId)!
      if (row.out_until !== null || row.cooldowns.length > 0) return false
      if (kind === 'hold') {
        held.push(lease)
        continue
      }
      lease.settle(kind === 'ok' ? { kind } : fault(kind, wait))
    }
    if (p.leases !== held.length) return false
    for (const lease of held) lease.settle({ kind: 'ok' })
    return p.leases === 0
  }), { numRuns: 300 })
})

t.test('the keys of one organisation share its rate limit, and nobody else does', async (t) => {
  const keys = [['a', 'acme'], ['b', 'acme'], ['c', 'other']].map(([name, org]) => ({ key: `sk-ant-made-up-${name}`, org }))
  const p = createKeyPool({ keys, strategy: 'round_robin', clock: () => START })
  p.acquire({ model: MODEL }).settle(fault('rate_limit', 60_000))
  const lent = Array.from({ length: 4 }, () => p.acquire({ model: MODEL }).key.at(-1))
  t.same(lent, ['c', 'c', 'c', 'c'])
  t.equal(p.acquire({ model: 'another' }).key.at(-1), 'a')
})

t.test('an answer corrects the organisation of a key', async (t) => {
  const keys = ['a', 'b'].map((name) => ({ key: `sk-ant-made-up-${name}` }))
  const p = createKeyPool({ keys, strategy: 'round_robin', clock: () => START })
  for (const lease of [p.acquire({ model: MODEL }), p.acquire({ model: MODEL })]) {
    lease.learn({ 'anthropic-organization-id': 'made-up-organisation' })
    lease.settle({ kind: 'ok' })
  }
  p.acquire({ model: MODEL }).settle(fault('rate_limit', 60_000))
  t.match(refusal(p), { status: 429, retryAfter: 60 })
})

t.test('a spend limit parks the whole organisation until it is reset', async (t) => {
  const { pool: p, take } = pool(['a'])
  take().lease.settle(fault('spend_limit'))
  t.match(refusal(p, 'any model'), { status: 429, retryAfter: 1_800 })
  t.equal(p.reset(p.stats().keys[0]!.id), true)
  t.equal(refusal(p), 'a key was lent')
  t.equal(p.reset('nobody'), false)
})

t.test('a request is never lent a key that it has tried', async (t) => {
  const { pool: p } = pool(['a', 'b'])
  const first = p.acquire({ model: MODEL })
  const second = p.acquire({ model: MODEL, tried: new Set([first.keyId]) })
  t.not(second.keyId, first.keyId)
  t.throws(() => p.acquire({ model: MODEL, tried: new Set([first.keyId, second.keyId]) }))
})

t.test('affinity keeps a conversation in its workspace, moves it when that rests, and takes it back after', async (t) => {
  const clock = { now: START }
  const keys = ['a', 'b', 'c', 'd'].map((name) => ({ key: `sk-ant-made-up-${name}`, workspace: name < 'c' ? 'one' : 'two' }))
  const p = createKeyPool({ keys, strategy: 'affinity', clock: () => clock.now })
  const take = (conversation: string) => p.acquire({ model: MODEL, affinity: conversation })
  const homeOf = (conversation: string) => {
    const lease = take(conversation)
    lease.settle({ kind: 'ok' })
    return lease.key.at(-1)! < 'c' ? 'one' : 'two'
  }
  const conversations = Array.from({ length: 50 }, (_, i) => `conversation ${i}`)
  const homes = conversations.map(homeOf)
  t.same(new Set(homes), new Set(['one', 'two']))
  t.same(conversations.map(homeOf), homes)
  const moved = conversations[homes.indexOf('one')]!
  take(moved).settle(fault('workspace_limit', 60_000))
  t.same(conversations.map(homeOf), homes.map(() => 'two'))
  clock.now += 60_000
  t.same(conversations.map(homeOf), homes)
})

t.test('the trail says who was passed over and why', async (t) => {
  const { pool: p, refuse } = pool(['a', 'b'])
  refuse()
  const trail: string[] = []
  p.acquire({ model: MODEL, trail })
  t.match(trail, [/^key_\w+ passed over: the key is not accepted$/, /^key_\w+$/])
})
