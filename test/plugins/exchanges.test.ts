import t from 'tap'
import { GatewayError } from '../../src/errors.ts'
import { createExchanges, type Exchange } from '../../src/plugins/exchanges.ts'

/** An exchange that, like the real one, leaves the registry when it fails. */
function exchange (registry: ReturnType<typeof createExchanges>, tokenId: string) {
  const seen = { ticks: 0, errors: [] as GatewayError[] }
  const self: Exchange = {
    tick: () => { seen.ticks++ },
    fail: (error) => {
      seen.errors.push(error)
      registry.remove(tokenId, self)
    }
  }
  registry.add(tokenId, self)
  return { self, seen }
}

t.test('ends the exchanges of one token and no other', async (t) => {
  const registry = createExchanges()
  const [a1, a2, b] = [exchange(registry, 'a'), exchange(registry, 'a'), exchange(registry, 'b')]
  const error = new GatewayError('authentication_error', 'revoked')
  registry.endAllOf('a', error)
  registry.endAllOf('nobody', error)
  t.same([a1.seen.errors, a2.seen.errors, b.seen.errors], [[error], [error], []])
  t.equal(registry.size, 1)
})

t.test('one that leaves twice is counted once', async (t) => {
  const registry = createExchanges()
  const [a] = [exchange(registry, 'a'), exchange(registry, 'b')]
  registry.remove('a', a.self)
  registry.remove('a', a.self)
  t.equal(registry.size, 1)
})

t.test('every exchange hears the clock', async (t) => {
  const registry = createExchanges()
  const [a, b] = [exchange(registry, 'a'), exchange(registry, 'b')]
  registry.tick()
  registry.tick()
  t.same([a.seen.ticks, b.seen.ticks], [2, 2])
})
