import t from 'tap'
import { createKeyPool } from '../../src/plugins/key-pool.ts'
import { keyIdOf } from '../../src/plugins/pool-key.ts'
import { FAULTS } from '../../src/upstreams/fault-table.ts'

const MODEL = 'claude-sonnet-5-5'
const key = (name: string) => `sk-ant-made-up-${name}`
const id = (name: string) => keyIdOf(key(name))

function pool (...names: string[]) {
  const pool = createKeyPool({ keys: names.map((name) => ({ key: key(name) })), source: 'file', strategy: 'round_robin' })
  const lent = (times: number) => Array.from({ length: times }, () => {
    const lease = pool.acquire({ model: MODEL })
    lease.settle({ kind: 'ok' })
    return lease.key.at(-1)
  })
  return { pool, lent }
}

t.test('a key that is added takes its turns', async (t) => {
  const { pool: p, lent } = pool('a')
  t.equal(p.add({ key: key('b'), name: 'spare' }, 'store'), id('b'))
  t.same(lent(4), ['a', 'b', 'a', 'b'])
  t.equal(p.sourceOf(id('b')), 'store')
  t.equal(p.sourceOf(id('a')), 'file')
  t.equal(p.sourceOf('nobody'), undefined)
})

t.test('a key that is removed is lent no more; what runs with it goes on and is settled', async (t) => {
  const { pool: p, lent } = pool('a', 'b')
  const running = p.acquire({ model: MODEL })
  t.equal(p.remove(id('a')), true)
  t.equal(p.remove(id('a')), false)
  t.same(lent(3), ['b', 'b', 'b'])
  t.equal(p.leases, 1)
  running.settle({ kind: 'ok' })
  t.equal(p.leases, 0)
})

t.test('a disabled key is lent no more until it is enabled', async (t) => {
  const { pool: p, lent } = pool('a', 'b')
  t.equal(p.setDisabled(id('a'), true), true)
  t.same(lent(2), ['b', 'b'])
  t.match(p.stats(), { total_keys: 2, healthy_keys: 1, keys: [{ state: 'disabled', is_healthy: false }, { state: 'ready' }] })
  t.same(p.workspaces().map(({ id }) => id), [id('b')])
  p.setDisabled(id('a'), false)
  t.same(new Set(lent(2)), new Set(['a', 'b']))
  t.equal(p.setDisabled('nobody', true), false)
})

t.test('with every key disabled the refusal says what to do', async (t) => {
  const { pool: p } = pool('a')
  p.setDisabled(id('a'), true)
  t.equal(p.available, false)
  t.throws(() => p.acquire({ model: MODEL }), { status: 503, code: 'no_api_keys', message: /keys\/\{id\}\/enable/ })
})

t.test('only keys of a workspace that is asked for are lent', async (t) => {
  const { pool: p } = pool('a', 'b')
  for (let i = 0; i < 3; i++) t.equal(p.acquire({ model: MODEL, workspace: id('b') }).keyId, id('b'))
  t.throws(() => p.acquire({ model: MODEL, workspace: 'elsewhere' }), { status: 503, code: 'workspace_gone' })
})

t.test('a limited key of that workspace is told as a limit, whoever else is free', async (t) => {
  const { pool: p } = pool('a', 'b')
  const row = FAULTS.find(({ name }) => name === 'rate_limit')!
  p.acquire({ model: MODEL, workspace: id('a') }).settle({ kind: 'fault', fault: { row, retryAfter: 60_000, text: null } })
  t.throws(() => p.acquire({ model: MODEL, workspace: id('a') }), { status: 429, code: 'all_keys_limited' })
})

t.test('a new configuration replaces the keys of the old one, and leaves those that were added', async (t) => {
  const { pool: p, lent } = pool('a', 'b')
  p.add({ key: key('s') }, 'store')
  t.same(p.configure([{ key: key('b') }, { key: key('c') }], 'file'), { added: 1, removed: 1 })
  t.same(new Set(lent(3)), new Set(['b', 'c', 's']))
})

t.test('what is known of a key that stays is kept, with its new labels', async (t) => {
  const { pool: p } = pool('a')
  p.setDisabled(id('a'), true)
  p.configure([{ key: key('b') }, { key: key('a'), name: 'old friend', org: 'acme', workspace: 'build', weight: 3 }], 'file')
  t.match(p.stats().keys[1], { name: 'old friend', organisation: 'acme', workspace: 'build', weight: 3, state: 'disabled' })
})

t.test('an organisation that an answer told wins over a new label', async (t) => {
  const { pool: p } = pool('a')
  p.acquire({ model: MODEL }).learn({ 'anthropic-organization-id': 'told' })
  p.configure([{ key: key('a'), org: 'label' }], 'file')
  t.equal(p.stats().keys[0]!.organisation, 'told')
})
