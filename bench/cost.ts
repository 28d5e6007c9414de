/**
 * What a request costs: processor time of the gateway beside that of a bare proxy, the latency that each adds, and memory.
 * See README.md beside this file for what is measured and how to read it.
 */
import { parseArgs } from 'node:util'
import { buildCases, type CaseName } from './cases.ts'
import { makeBed, type Child } from './children.ts'
import { load } from './load.ts'
import { circumstances, circumstancesText, figure, median, megabytes, quantile, table } from './report.ts'

const TARGETS = ['direct', 'proxy', 'gateway'] as const
type TargetName = typeof TARGETS[number]

/** Connections of the load whose processor time is measured. */
const BUSY = 32
/** Connections of the load whose latency is measured. */
const CALM = 16
/** Requests per second of the calm load at a fixed rate: far below what any of the three can do. */
const RATE = 400
/** Requests in one measurement of latency. */
const CALM_REQUESTS = 200
/** Latency is measured in one round of so many: it needs fewer than the processor time, which is what is judged. */
const LATENCY_EVERY = 3
/** Rounds' worth of work that is done first and not counted. */
const WARM_UP = 3
/** The gateway's budget: this much of the bare proxy's processor time, for these cases. */
const BUDGET = 1.5
const IN_BUDGET: CaseName[] = ['small', 'stream', 'burst']

interface Measured {
  /** Microseconds of processor time per request, one figure a round. */
  cpu: number[]
  /** Milliseconds to each answer, of all rounds, when each connection sends as fast as it is answered. */
  closed: number[]
  /** The same at a fixed rate. */
  paced: number[]
}

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' }
  }
})
const rounds = Number(flags.rounds ?? (flags.quick ? 6 : 18))

const cases = buildCases()
const names = Object.keys(cases) as CaseName[]
const results = eachOf(names, () => eachOf(TARGETS, (): Measured => ({ cpu: [], closed: [], paced: [] })))
const memory: Record<TargetName, number> = { direct: 0, proxy: 0, gateway: 0 }
const about = circumstances('cost')

await measureAll()
if (flags.json) console.log(JSON.stringify({ ...about, rounds, results: summary(), memory }, null, 2))
else printTables()

async function measureAll (): Promise<void> {
  await using bed = await makeBed('upstream', 256)
  const targets: Record<TargetName, Child> = { direct: bed.upstream, proxy: await bed.start('proxy'), gateway: await bed.start('gateway') }
  for (const name of names) {
    for (const target of TARGETS) await load(targets[target], name, cases[name], { connections: BUSY, requests: cases[name].requests * WARM_UP })
  }
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      // Whoever comes first must not always be the same: the machine drifts.
      for (const target of rotated(TARGETS, round)) {
        await measureCost(targets[target], name, results[name][target])
        if (round % LATENCY_EVERY === 0) await measureLatency(targets[target], name, results[name][target])
      }
    }
  }
  for (const target of TARGETS) memory[target] = (await targets[target].usage()).rss
}

async function measureCost (target: Child, name: CaseName, into: Measured): Promise<void> {
  const { requests } = cases[name]
  const before = await target.usage()
  await load(target, name, cases[name], { connections: BUSY, requests })
  const after = await target.usage()
  into.cpu.push((after.cpu - before.cpu) / requests)
}

async function measureLatency (target: Child, name: CaseName, into: Measured): Promise<void> {
  into.closed.push(...await load(target, name, cases[name], { connections: CALM, requests: CALM_REQUESTS }))
  into.paced.push(...await load(target, name, cases[name], { connections: CALM, requests: CALM_REQUESTS, rate: RATE }))
}

function rotated<Item> (items: readonly Item[], by: number): Item[] {
  const at = by % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}

/** The gateway's cost as a multiple of the bare proxy's: of the medians, and over the rounds. */
function ratioOf (name: CaseName) {
  const { proxy, gateway } = results[name]
  const perRound = gateway.cpu.map((cost, round) => cost / proxy.cpu[round]!)
  return {
    ofMedians: median(gateway.cpu) / median(proxy.cpu),
    /** Interference only ever adds: the cheapest round of each is the least disturbed. */
    ofLeast: Math.min(...gateway.cpu) / Math.min(...proxy.cpu),
    least: Math.min(...perRound),
    most: Math.max(...perRound)
  }
}

function summary () {
  return eachOf(names, (name) => ({
    ratio: ratioOf(name),
    targets: eachOf(TARGETS, (target) => {
      const { cpu, closed, paced } = results[name][target]
      return { cpuPerRequest: cpu, medianCpuPerRequest: median(cpu), closedLoopMs: spread(closed), fixedRateMs: spread(paced) }
    })
  }))
}

function eachOf<Name extends string, Value> (names: readonly Name[], value: (name: Name) => Value): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>
}

function spread (times: number[]) {
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

function printTables (): void {
  console.log(circumstancesText(about))
  console.log(`\nProcessor time per request in µs, user and system: median of ${rounds} rounds (least–most), ${BUSY} connections\n`)
  console.log(table(['case', 'bare proxy', 'gateway', 'gateway ÷ proxy', 'of the least', 'budget', 'upstream itself'], names.map(costRow)))
  console.log(`\nLatency added to a direct answer in ms, p50 / p99, ${CALM} connections\n`)
  console.log(table(
    ['case', 'as fast as answered: proxy', 'gateway', `${RATE} requests/s: proxy`, 'gateway', 'direct'],
    names.map(latencyRow)
  ))
  console.log(`\nResident memory at the end: bare proxy ${megabytes(memory.proxy)}, gateway ${megabytes(memory.gateway)}`)
}

function costRow (name: CaseName): string[] {
  const { direct, proxy, gateway } = results[name]
  const ratio = ratioOf(name)
  const budget = !IN_BUDGET.includes(name) ? '' : `${BUDGET} ${ratio.ofMedians <= BUDGET ? 'kept' : 'missed'}`
  return [
    cases[name].title, costs(proxy.cpu), costs(gateway.cpu),
    `**${figure(ratio.ofMedians, 2)}** (${figure(ratio.least, 2)}–${figure(ratio.most, 2)})`, figure(ratio.ofLeast, 2), budget, costs(direct.cpu)
  ]
}

function costs (values: number[]): string {
  return `${figure(median(values))} (${figure(Math.min(...values))}–${figure(Math.max(...values))})`
}

function latencyRow (name: CaseName): string[] {
  const { direct, proxy, gateway } = results[name]
  return [
    cases[name].title, added(proxy.closed, direct.closed), added(gateway.closed, direct.closed),
    added(proxy.paced, direct.paced), added(gateway.paced, direct.paced), both(spread(direct.paced))
  ]
}

function added (times: number[], base: number[]): string {
  const [own, theirs] = [spread(times), spread(base)]
  return both({ p50: own.p50 - theirs.p50, p99: own.p99 - theirs.p99 })
}

function both ({ p50, p99 }: { p50: number, p99: number }): string {
  return `${figure(p50, 2)} / ${figure(p99, 2)}`
}
