import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import fc from 'fast-check'
import { rendezvous } from '../../src/plugins/rendezvous.ts'

const MODULE = fileURLToPath(new URL('../../src/plugins/rendezvous.ts', import.meta.url))
const nodes = (...weights: number[]) => weights.map((weight, i) => ({ id: `workspace-${i}`, weight }))
const best = (key: string, of: ReturnType<typeof nodes>) => rendezvous(key, of)[0]!.id

/** How many of 10,000 keys each node gets. */
function spread (of: ReturnType<typeof nodes>): number[] {
  const counts = new Map(of.map(({ id }) => [id, 0]))
  for (let i = 0; i < 10_000; i++) counts.set(best(`conversation ${i}`, of), counts.get(best(`conversation ${i}`, of))! + 1)
  return [...counts.values()]
}

t.test('equal nodes get equal shares, within 10 %', async (t) => {
  for (const count of spread(nodes(1, 1, 1, 1))) t.ok(Math.abs(count - 2_500) <= 250, String(count))
})

t.test('weights are honoured, within 10 %', async (t) => {
  const [light, heavy] = spread(nodes(1, 3))
  t.ok(Math.abs(light! - 2_500) <= 250, String(light))
  t.ok(Math.abs(heavy! - 7_500) <= 750, String(heavy))
})

t.test('when a node leaves only its own keys move, and the order of the rest stays', async () => {
  fc.assert(fc.property(fc.string(), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 8 }), fc.nat(), (key, weights, n) => {
    const all = nodes(...weights)
    const gone = all[n % all.length]!
    const without = rendezvous(key, all.filter((node) => node !== gone))
    const expected = rendezvous(key, all).filter((node) => node !== gone)
    return JSON.stringify(without) === JSON.stringify(expected)
  }), { numRuns: 500 })
})

t.test('the order in which the nodes are named does not matter', async () => {
  fc.assert(fc.property(fc.string(), fc.shuffledSubarray(nodes(1, 2, 3, 4, 5), { minLength: 5 }), (key, shuffled) =>
    JSON.stringify(rendezvous(key, shuffled)) === JSON.stringify(rendezvous(key, nodes(1, 2, 3, 4, 5)))), { numRuns: 200 })
})

t.test('key and node are kept apart', async (t) => {
  const pick = (key: string, ids: string[]) => rendezvous(key, ids.map((id) => ({ id, weight: 1 }))).map(({ id }) => key + id)
  const orders = Array.from({ length: 20 }, (_, i) => [pick(`${i}a`, ['bc', 'bd']), pick(`${i}ab`, ['c', 'd'])])
  t.ok(orders.some(([one, other]) => one![0] !== other![0]))
})

t.test('another process chooses alike', async (t) => {
  const program = `import { rendezvous } from ${JSON.stringify(MODULE)}
    const nodes = ${JSON.stringify(nodes(1, 1, 2))}
    console.log(JSON.stringify(Array.from({ length: 300 }, (_, i) => rendezvous('conversation ' + i, nodes)[0].id)))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', env: { PATH: process.env['PATH'] } })
  t.same(JSON.parse(stdout), Array.from({ length: 300 }, (_, i) => best(`conversation ${i}`, nodes(1, 1, 2))))
})
