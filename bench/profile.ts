/**
 * Where the gateway's time goes: a sampled profile of the warm process under the load of the cost table, told per request.
 * `npm run bench:profile -- [small|stream|burst|large|huge] [--target proxy] [--top 40] [--save file.cpuprofile] [--heap file.heapprofile]`
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Profiler } from 'node:inspector'
import { buildCases, type CaseName } from './cases.ts'
import { makeBed } from './children.ts'
import { requestTo } from './client.ts'
import { load } from './load.ts'
import { circumstances, circumstancesText, figure, table } from './report.ts'

const CONNECTIONS = 32
/** Rounds of the cost table that are done first: until then the compiler's threads are busy, and what is not compiled yet costs more. */
const WARM_UP = 20
/** A profile wants more samples than a round of the cost table gives. */
const TIMES = 10

/** Microseconds by name. */
type Times = Map<string, number>

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    target: { type: 'string', default: 'gateway' },
    top: { type: 'string', default: '40' },
    save: { type: 'string' },
    heap: { type: 'string' }
  }
})
const name = (positionals[0] ?? 'small') as CaseName
const { title, requests: once } = buildCases('')[name]
const requests = once * TIMES
const about = circumstances('bench:profile')

const { profile, cpu } = await profileUnderLoad()
if (flags.save !== undefined) writeFileSync(flags.save, JSON.stringify(profile))
print()

async function profileUnderLoad () {
  await using bed = await makeBed('upstream')
  const child = await bed.start(flags.target as 'proxy' | 'gateway')
  const { body, answer } = buildCases(bed.nonce)[name]
  const request = requestTo(child, name, { body, length: answer.length, nonce: bed.nonce })
  await load(request, { connections: CONNECTIONS, requests: once * WARM_UP })
  await child.profileStart()
  const before = await child.usage()
  await load(request, { connections: CONNECTIONS, requests })
  const after = await child.usage()
  const profile = await child.profileStop()
  if (flags.heap !== undefined) {
    await child.heapStart()
    await load(request, { connections: CONNECTIONS, requests })
    writeFileSync(flags.heap, JSON.stringify(await child.heapStop()))
  }
  return { profile, cpu: (after.cpu - before.cpu) / requests }
}

function print (): void {
  const self = selfTimes(profile)
  const byPlace = new Map<string, number>()
  const byFunction = new Map<string, number>()
  for (const node of profile.nodes) {
    add(byPlace, placeOf(node), self.get(node.id) ?? 0)
    add(byFunction, functionOf(node), self.get(node.id) ?? 0)
  }
  console.log(circumstancesText(about))
  console.log(`\n${flags.target}, ${title}: µs per request over ${requests} requests; ${figure(cpu, 1)} of processor time, profiler included\n`)
  console.log(table(['where', 'self'], rows(byPlace)))
  console.log(`\n${table(['function', 'self'], rows(byFunction))}`)
  console.log(`\n${table(['function of the program, with all it calls', 'total'], rows(totals(profile, self)))}`)
}

/** Microseconds spent in each node itself; what the profiler spends on its own start is not the program's. */
function selfTimes ({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Map<number, number> {
  const own = new Set(nodes.filter((node) => node.callFrame.url === 'node:inspector').map((node) => node.id))
  const self = new Map<number, number>()
  samples.forEach((id, index) => {
    if (!own.has(id)) self.set(id, (self.get(id) ?? 0) + (timeDeltas[index] ?? 0))
  })
  return self
}

/** Time of each function outside Node and V8 with everything it calls; a function that calls itself counts once. */
function totals ({ nodes }: Profiler.Profile, self: Map<number, number>): Times {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const times: Times = new Map()
  function walk (node: Profiler.ProfileNode, above: Set<string>): number {
    const label = functionOf(node)
    const counts = node.callFrame.url.startsWith('file:') && !above.has(label)
    let total = self.get(node.id) ?? 0
    for (const id of node.children ?? []) total += walk(byId.get(id)!, counts ? new Set([...above, label]) : above)
    if (counts) add(times, label, total)
    return total
  }
  walk(nodes[0]!, new Set())
  return times
}

/** The package, folder or part of the runtime that a function belongs to. */
function placeOf ({ callFrame: { url, functionName } }: Profiler.ProfileNode): string {
  const packaged = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(url)
  if (packaged !== null) return packaged[1]!
  if (url.startsWith('node:')) return url
  if (url === '') return functionName === '' ? '(native)' : functionName
  return `ccproxy ${url.split('/').slice(-2).join('/')}`
}

function functionOf (node: Profiler.ProfileNode): string {
  const { functionName, url, lineNumber } = node.callFrame
  const name = functionName === '' ? '(anonymous)' : functionName
  return url === '' ? name : `${name} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`
}

function add (times: Times, key: string, time: number): void {
  times.set(key, (times.get(key) ?? 0) + time)
}

function rows (times: Times): string[][] {
  return [...times]
    .filter(([key]) => key !== '(idle)')
    .sort((a, b) => b[1] - a[1])
    .slice(0, Number(flags.top))
    .map(([key, time]) => [key, figure(time / requests, 1)])
}
