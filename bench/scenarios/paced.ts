/**
 * What many open streams cost at the pace of real answers: an event arrives alone, is read alone and written alone. Their number rises until
 * events come late; that is the knee.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { makeBed, type Child } from '../children.ts'
import type { SuiteOptions } from '../flags.ts'
import { EVENT_LENGTH, PACED_CASE, PERIOD } from '../pace.ts'
import { figure, quantiles, short, table, type Section } from '../report.ts'
import { makeStreams, type OpenStreams } from '../streams.ts'
import { median, quantile } from '../statistics.ts'

/** Open streams. A process takes two sockets for each; more would meet the usual limits of a machine. */
const LEVELS = [250, 500, 1_000, 2_000, 3_000, 4_000, 6_000, 8_000]
const QUICK_LEVELS = [250, 1_000]
/** Streams opened and closed again first, so that the code is warm. */
const WARM_UP = 200
/** Time for what the opening left behind to settle, in milliseconds. */
const SETTLE = 1_500
/** Time in which a level is measured, in milliseconds. */
const MEASURE = 5_000
/** Beyond the knee fewer of the events than this share came in time, … */
const ENOUGH = 0.97
/** … or one of a hundred was later than this, in milliseconds. */
const LATE = 100

interface Level {
  streams: number
  /** Microseconds of processor time; NaN where there is nothing between. */
  cpuPerEvent: number
  /** Milliseconds from the upstream's writing to the client's reading, once a chunk. */
  delays: number[]
  /** Of the events that were due. */
  share: number
}

export async function paced ({ quick }: SuiteOptions): Promise<Section> {
  const levels = quick ? QUICK_LEVELS : LEVELS
  const results: Record<string, Level[]> = { direct: [], proxy: [], gateway: [] }
  for (const name of Object.keys(results)) results[name] = await climb(name, levels)
  return { title: 'Paced streams at rising concurrency', text: text(results, levels), data: dataOf(results) }
}

/** Measures level after level, until one is beyond the knee. */
async function climb (name: string, levels: number[]): Promise<Level[]> {
  await using bed = await makeBed('paced-upstream', { connections: levels.at(-1)! })
  const target = name === 'direct' ? bed.upstream : await bed.start(name as 'proxy' | 'gateway')
  await warmUp(target)
  await using streams = makeStreams(target, levels.at(-1)!, PACED_CASE)
  const results: Level[] = []
  for (const count of levels) {
    await streams.open(count - streams.running())
    await sleep(SETTLE)
    let level = { streams: count, ...await measurePaced(target, streams, MEASURE) }
    // A neighbour can make a level look bad; the knee is bad every time.
    if (isBeyond(level)) level = { streams: count, ...await measurePaced(target, streams, MEASURE) }
    results.push(level)
    if (isBeyond(level)) break
  }
  return results
}

export async function warmUp (target: Parameters<typeof makeStreams>[0]): Promise<void> {
  await using streams = makeStreams(target, WARM_UP, PACED_CASE)
  await streams.open(WARM_UP)
  await sleep(SETTLE)
}

/** What open streams cost for a while, `time` milliseconds. */
export async function measurePaced (target: Pick<Child, 'usage'>, streams: OpenStreams, time: number): Promise<Omit<Level, 'streams'>> {
  streams.delays()
  const [before, bytes, start, running] = [await target.usage(), streams.bytes(), performance.now(), streams.running()]
  await sleep(time)
  const [after, received, passed] = [await target.usage(), streams.bytes() - bytes, performance.now() - start]
  const events = received / EVENT_LENGTH
  return { cpuPerEvent: (after.cpu - before.cpu) / events, delays: streams.delays(), share: events / (running * passed / PERIOD) }
}

function isBeyond ({ delays, share }: Level): boolean {
  return share < ENOUGH || quantile(delays, 0.99) > LATE
}

function text (results: Record<string, Level[]>, levels: number[]): string {
  const rows = levels.filter((_, index) => Object.values(results).some((found) => found[index] !== undefined)).map((streams, index) => [
    figure(streams), ...Object.values(results).flatMap((found, who) => cells(found[index], who === 0)), ratioAt(results, index)
  ])
  const head = ['open streams', 'direct: delay', 'proxy: CPU µs', 'delay', 'gateway: CPU µs', 'delay', 'gateway ÷ proxy']
  const knees = Object.entries(results).map(([name, found]) => `${name} ${kneeOf(found)}`).join(', ')
  return [
    `${1_000 / PERIOD} events/s each. CPU is per event. Delay is from written to read in ms, p50 / p90 / p99, of which the client's own part is in *direct*.`,
    '', table(head, rows), '', `Knee, at which p99 of the delay passes ${LATE} ms or events stay behind: ${knees}.`
  ].join('\n')
}

function cells (level: Level | undefined, direct: boolean): string[] {
  if (level === undefined) return direct ? ['–'] : ['–', '–']
  const delay = `${quantiles(level.delays)}${isBeyond(level) ? ` late, ${figure(level.share * 100)} %` : ''}`
  return direct ? [delay] : [short(level.cpuPerEvent), delay]
}

function ratioAt ({ proxy, gateway }: Record<string, Level[]>, index: number): string {
  return short((gateway?.[index]?.cpuPerEvent ?? NaN) / (proxy?.[index]?.cpuPerEvent ?? NaN))
}

function kneeOf (levels: Level[]): string {
  const kept = levels.filter((level) => !isBeyond(level)).at(-1)?.streams ?? 0
  return levels.some(isBeyond) ? `above ${kept}` : `not met at ${kept}`
}

function dataOf (results: Record<string, Level[]>) {
  return Object.fromEntries(Object.entries(results).map(([name, levels]) => [name, levels.map(({ delays, ...level }) => ({
    ...level, delayMs: { p50: median(delays), p90: quantile(delays, 0.9), p99: quantile(delays, 0.99) }
  }))]))
}
