/**
 * Where the gateway's time goes: a sampled profile of the warm process under the load of the cost table, told per request, or per event where streams
 * are paced. `npm run bench:profile -- [small|stream|burst|large|huge|paced] [--target proxy] [--beside foundation] [--top 40]
 * [--save file.cpuprofile] [--heap file.heapprofile]`
 */
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Profiler } from 'node:inspector'
import { buildCases, type CaseName } from './cases.ts'
import { makeBed, type Child } from './children.ts'
import { requestTo } from './client.ts'
import { BUSY, WARM_UP } from './compare.ts'
import { oneOf, toldWhenRefused } from './flags.ts'
import { load } from './load.ts'
import { EVENT_LENGTH, PACED_CASE } from './pace.ts'
import { circumstances, circumstancesText, figure, table } from './report.ts'
import { makeStreams, type OpenStreams } from './streams.ts'

/** A profile wants more samples than a round of the cost table gives. */
const TIMES = 10
/** Open streams where they are paced, the time until their opening is forgotten, and that of the profile, in milliseconds. */
const STREAMS = 1_000
const SETTLE = 6_000
const WATCH = 8_000

/** Smaller differences are told as one, in microseconds. */
const LEAST_TOLD = 0.25
/** What a profile has that is no work of the program's. */
const NOT_WORK = new Set(['(idle)', '(root)', 'node:inspector'])

/** Microseconds by name. */
type Times = Map<string, number>

const TARGETS = ['proxy', 'foundation', 'gateway'] as const
type Target = typeof TARGETS[number]

/** A profile, and how many requests or events it is of. */
interface Taken {
  profile: Profiler.Profile
  count: number
  /** Processor time for each of them, the profiler's included, in microseconds. */
  cpu: number
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    target: { type: 'string', default: 'gateway' },
    beside: { type: 'string' },
    top: { type: 'string', default: '40' },
    save: { type: 'string' },
    heap: { type: 'string' }
  }
})
const name = toldWhenRefused(() => oneOf('case', positionals[0] ?? 'small', [...Object.keys(buildCases('')) as CaseName[], 'paced' as const]))
const targets = toldWhenRefused(() => [flags.target, flags.beside].filter((one) => one !== undefined).map((one) => oneOf('target', one, TARGETS)))
const about = circumstances('bench:profile')

console.log(circumstancesText(about))
const [taken, other] = await take(targets)
if (flags.save !== undefined) writeFileSync(flags.save, JSON.stringify(taken!.profile))
if (other === undefined) print(taken!)
else printBeside(taken!, other)

function take (targets: Target[]): Promise<Taken[]> {
  return name === 'paced' ? takePaced(targets) : takeRequests(targets, name)
}

/** One behind the other: a profile tells how long things take, and what must wait for a processor takes longer. */
async function takeRequests (targets: Target[], name: CaseName): Promise<Taken[]> {
  await using bed = await makeBed('upstream')
  const { body, answer, requests: once } = buildCases(bed.nonce)[name]
  const count = once * TIMES
  const taken: Taken[] = []
  let first: Child | undefined

  function ask (child: Child, requests: number): Promise<unknown> {
    return load(requestTo(child, name, { body, length: answer.length, nonce: bed.nonce }), { connections: BUSY, requests })
  }

  for (const target of targets) {
    const child = await bed.start(target)
    first ??= child
    await ask(child, once * WARM_UP)
    const { profile, cpu } = await watch(child, () => ask(child, count))
    taken.push({ profile, count, cpu: cpu / count })
  }
  if (flags.heap !== undefined) {
    await first!.heapStart()
    await ask(first!, count)
    writeFileSync(flags.heap, JSON.stringify(await first!.heapStop()))
  }
  return taken
}

/** At the same time: they leave the processors free for most of it, and what else the machine does is then in all of them. */
async function takePaced (targets: Target[]): Promise<Taken[]> {
  await using bed = await makeBed('paced-upstream', { connections: STREAMS })
  await using open = new AsyncDisposableStack()
  const all: Array<{ child: Child, streams: OpenStreams }> = []
  for (const target of targets) {
    const child = await bed.start(target)
    const streams = open.use(makeStreams(child, STREAMS, PACED_CASE))
    await streams.open(STREAMS)
    all.push({ child, streams })
  }
  await sleep(SETTLE)
  return await Promise.all(all.map(async ({ child, streams }) => {
    const before = streams.bytes()
    const { profile, cpu } = await watch(child, () => sleep(WATCH))
    const count = (streams.bytes() - before) / EVENT_LENGTH
    return { profile, count, cpu: cpu / count }
  }))
}

async function watch (child: Child, work: () => Promise<unknown>): Promise<{ profile: Profiler.Profile, cpu: number }> {
  await child.profileStart()
  const before = await child.usage()
  await work()
  const after = await child.usage()
  return { profile: await child.profileStop(), cpu: after.cpu - before.cpu }
}

function print ({ profile, count, cpu }: Taken): void {
  const self = selfTimes(profile)
  console.log(`\n${title(flags.target)}: µs per ${unit()} over ${figure(count)} of them; ${figure(cpu, 1)} of processor time, profiler included\n`)
  console.log(table(['where', 'self'], rows(timesBy(placeOf, profile, self), count)))
  console.log(`\n${table(['function', 'self'], rows(timesBy(functionOf, profile, self), count))}`)
  console.log(`\n${table(['function of the program, with all it calls', 'total'], rows(totals(profile, self), count))}`)
}

/** Two profiles part by part, what differs most first. */
function printBeside (one: Taken, other: Taken): void {
  const [own, others] = [one, other].map(({ profile, count }) => perUnit(timesBy(placeOf, profile, selfTimes(profile)), count)) as [Times, Times]
  const difference = (place: string) => (own.get(place) ?? 0) - (others.get(place) ?? 0)
  const places = [...new Set([...own.keys(), ...others.keys()])].filter((place) => !NOT_WORK.has(place)).sort((a, b) => difference(b) - difference(a))
  const sum = (times: Times) => places.reduce((total, place) => total + (times.get(place) ?? 0), 0)
  const worthTelling = places.filter((place) => Math.abs(difference(place)) >= LEAST_TOLD)
  const row = (place: string, of: (times: Times) => number) => [place, figure(of(own), 1), figure(of(others), 1), figure(of(own) - of(others), 1)]
  const told = worthTelling.map((place) => row(place, (times) => times.get(place) ?? 0))
  const rest = row('everything else', (times) => sum(times) - worthTelling.reduce((total, place) => total + (times.get(place) ?? 0), 0))
  console.log(`\n${title('')}: µs per ${unit()} by part, in itself, the profiler's own time left out\n`)
  console.log(table(['where', flags.target, flags.beside!, 'more'], [...told, rest, row('**all**', sum)]))
}

function title (target: string): string {
  const what = name === 'paced' ? `paced events, ${STREAMS} streams` : buildCases('')[name].title
  return target === '' ? what : `${target}, ${what}`
}

function unit (): string {
  return name === 'paced' ? 'event' : 'request'
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

function timesBy (label: (node: Profiler.ProfileNode) => string, { nodes }: Profiler.Profile, self: Map<number, number>): Times {
  const times: Times = new Map()
  for (const node of nodes) add(times, label(node), self.get(node.id) ?? 0)
  return times
}

function perUnit (times: Times, count: number): Times {
  return new Map([...times].map(([key, time]) => [key, time / count]))
}

function rows (times: Times, count: number): string[][] {
  return [...perUnit(times, count)]
    .filter(([key]) => key !== '(idle)')
    .sort((a, b) => b[1] - a[1])
    .slice(0, Number(flags.top))
    .map(([key, time]) => [key, figure(time, 1)])
}
