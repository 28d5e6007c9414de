/**
 * Versions of the gateway side by side: `npm run bench:versus -- small before=../other-checkout`. All are under the same load at the same time, so
 * that whatever else the machine does hits them alike: differences of a few parts in a hundred show, which are lost where they take turns.
 * `--processes 3 --windows 10`; cases: `small`, `stream`, `burst`, `large`, `huge`, `paced`.
 */
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { buildCases, type CaseName } from './cases.ts'
import { makeBed, type Bed, type Child } from './children.ts'
import { requestTo } from './client.ts'
import { BUSY, WARM_UP } from './compare.ts'
import { count, FlagError, oneOf, toldWhenRefused } from './flags.ts'
import { load } from './load.ts'
import { EVENT_LENGTH, PACED_CASE } from './pace.ts'
import { circumstances, circumstancesText, figure, short, table } from './report.ts'
import { median } from './statistics.ts'
import { makeStreams } from './streams.ts'

/** Requests per second to each, near what a machine of two cores can do for four of them. */
const RATES: Record<CaseName, number> = { small: 2_300, stream: 350, burst: 1_800, large: 300, huge: 15 }
/** Of one measurement, in seconds. */
const WINDOW = 1
/** Open streams of each, where they are paced, and the time until their opening is forgotten, in milliseconds. */
const STREAMS = 800
const SETTLE = 6_000

/** Microseconds of processor time per request or event, one figure a window; all have the same windows. */
type Costs = Record<string, number[]>

/** Does the work of one window for one target. @returns how many requests or events it was */
type Work = () => Promise<number>

const { name, checkouts, processes, windows } = toldWhenRefused(readArguments)
const about = circumstances('bench:versus')
const runs: Costs[] = []
for (let run = 0; run < processes; run++) runs.push(await sideBySide())
print()

function readArguments () {
  const { values, positionals: [name = 'small', ...others] } = parseArgs({
    allowPositionals: true,
    options: { processes: { type: 'string', default: '3' }, windows: { type: 'string', default: '10' } }
  })
  return {
    name: oneOf('case', name, [...Object.keys(RATES) as CaseName[], 'paced' as const]),
    checkouts: Object.fromEntries(others.map(checkoutOf)),
    processes: count('processes', values.processes, 20),
    windows: count('windows', values.windows, 100)
  }
}

function checkoutOf (other: string): [string, string] {
  const [label, checkout] = other.split('=', 2) as [string, string | undefined]
  if (checkout === undefined || checkout === '') throw new FlagError(`${other}: name it and say where it is, for example before=../before`)
  if (['proxy', 'foundation', 'here'].includes(label)) throw new FlagError(`${label}: is taken; give that checkout another name`)
  return [label, resolve(checkout)]
}

/** One run, every target on a fresh process: how the compiler's luck falls differs from process to process. */
async function sideBySide (): Promise<Costs> {
  await using bed = await makeBed(name === 'paced' ? 'paced-upstream' : 'upstream', { connections: STREAMS })
  await using open = new AsyncDisposableStack()
  const targets: Record<string, Child> = { proxy: await bed.start('proxy'), foundation: await bed.start('foundation'), here: await bed.start('gateway') }
  for (const [other, checkout] of Object.entries(checkouts)) targets[other] = await bed.start('gateway', checkout)
  const works: Record<string, Work> = {}
  for (const [who, child] of Object.entries(targets)) works[who] = await (name === 'paced' ? pacedWork(child, open) : requestWork(bed, child))
  if (name === 'paced') await sleep(SETTLE)
  const costs: Costs = Object.fromEntries(Object.keys(targets).map((who) => [who, []]))
  for (let window = 0; window < windows; window++) {
    await Promise.all(Object.entries(targets).map(async ([who, child]) => {
      const before = await child.usage()
      const done = await works[who]!()
      costs[who]!.push(((await child.usage()).cpu - before.cpu) / done)
    }))
  }
  return costs
}

async function requestWork (bed: Bed, child: Child): Promise<Work> {
  const { body, answer, requests: round } = buildCases(bed.nonce)[name as CaseName]
  const request = requestTo(child, name, { body, length: answer.length, nonce: bed.nonce })
  await load(request, { connections: BUSY, requests: round * WARM_UP })
  const rate = RATES[name as CaseName]
  return async () => (await load(request, { connections: BUSY, requests: rate * WINDOW, rate })).requests
}

async function pacedWork (child: Child, open: AsyncDisposableStack): Promise<Work> {
  const streams = open.use(makeStreams(child, STREAMS, PACED_CASE))
  await streams.open(STREAMS)
  return async () => {
    const before = streams.bytes()
    await sleep(WINDOW * 1_000)
    return (streams.bytes() - before) / EVENT_LENGTH
  }
}

function print (): void {
  console.log(`${circumstancesText(about)}\n`)
  console.log(table(['', 'CPU µs', '÷ proxy', '÷ foundation', ...Object.keys(checkouts).map((other) => `÷ ${other}`)], Object.keys(runs[0]!).map((who) => [
    who, short(median(runs.flatMap((costs) => costs[who]!))), ...['proxy', 'foundation', ...Object.keys(checkouts)].map((base) => ratio(who, base))
  ])))
}

/** The median of the runs, each the median of its windows, with the least and the most of the runs. */
function ratio (who: string, base: string): string {
  const ofRuns = runs.map((costs) => median(costs[who]!.map((cost, window) => cost / costs[base]![window]!)))
  return `**${figure(median(ofRuns), 2)}** (${figure(Math.min(...ofRuns), 2)}–${figure(Math.max(...ofRuns), 2)})`
}
