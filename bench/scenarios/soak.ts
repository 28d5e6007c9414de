/** Everything at once and for long: requests, streams, large requests, and clients that leave. Memory must come to rest. */
import { setTimeout as sleep } from 'node:timers/promises'
import { buildCases, type CaseName } from '../cases.ts'
import { makeBed, type Bed, type Child } from '../children.ts'
import { requestTo } from '../client.ts'
import type { SuiteOptions } from '../flags.ts'
import { dispatchOptions, load, poolFor, VoidRun } from '../load.ts'
import { figure, megabytes, quantiles, short, table, type Section } from '../report.ts'
import { slope, spread } from '../statistics.ts'

/** Requests per second of each kind. */
const RATES: Partial<Record<CaseName, number>> = { small: 150, stream: 40, large: 10 }
const ABORTS_PER_SECOND = 5
/** A leaving client stays this long, in milliseconds. */
const STAY = 2
/** Looks at memory over the whole time. */
const SAMPLES = 60

interface Sample {
  /** Minutes since the start. */
  at: number
  rss: number
}

export async function soak ({ soak: time }: SuiteOptions): Promise<Section> {
  await using bed = await makeBed('upstream')
  const gateway = await bed.start('gateway')
  const samples: Sample[] = []
  await gateway.loopStart()
  const before = await gateway.usage()
  const [aborts, , ...loads] = await Promise.all([
    leave(bed, gateway, time),
    watch(gateway, time, samples),
    ...Object.entries(RATES).map(([name, rate]) => keepUp(bed, gateway, name as CaseName, rate, time))
  ])
  const [after, loop] = [await gateway.usage(), await gateway.loopStop()]
  const data = {
    minutes: time / 60_000,
    aborts,
    samples,
    growthPerMinute: growthOf(samples),
    cpuPerSecond: (after.cpu - before.cpu) / time,
    eventLoopLateMs: loop,
    latencyMs: Object.fromEntries(loads.map(({ name, total }) => [name, spread(total)]))
  }
  return { title: `Soak of ${short(data.minutes)} minutes`, text: text(data, loads), data }
}

async function keepUp (bed: Bed, gateway: Child, name: CaseName, rate: number, time: number) {
  const { body, answer } = buildCases(bed.nonce)[name]
  const request = requestTo(gateway, name, { body, length: answer.length, nonce: bed.nonce })
  return { name, ...await load(request, { connections: 16, requests: Math.round(rate * time / 1_000), rate }) }
}

/** Clients that ask for a stream and go. @returns how many */
async function leave (bed: Bed, gateway: Child, time: number): Promise<number> {
  const { body, answer } = buildCases(bed.nonce).stream
  const request = requestTo(gateway, 'stream', { body, length: answer.length, nonce: bed.nonce })
  const until = performance.now() + time
  let left = 0
  for (; performance.now() < until; left++) {
    const pool = poolFor(gateway, 1)
    const over = new Promise<void>((resolve, reject) => pool.dispatch(dispatchOptions(request), {
      onRequestStart () {},
      onResponseStart (_controller, status) {
        if (status !== 200) reject(new VoidRun(`a stream was answered ${status}`, { status }))
      },
      onResponseData () {},
      onResponseEnd () { resolve() },
      onResponseError () { resolve() }
    }))
    await Promise.race([over, sleep(STAY)])
    await Promise.all([pool.destroy(), over])
    await sleep(1_000 / ABORTS_PER_SECOND)
  }
  return left
}

async function watch (gateway: Child, time: number, samples: Sample[]): Promise<void> {
  const start = performance.now()
  for (let sample = 1; sample <= SAMPLES; sample++) {
    await sleep(Math.max(0, start + sample * time / SAMPLES - performance.now()))
    samples.push({ at: (performance.now() - start) / 60_000, rss: (await gateway.usage()).rss })
  }
}

/** Bytes by which memory grows in a minute, in the second half: by then what is kept for reuse is there. */
function growthOf (samples: Sample[]): number {
  const half = samples.slice(samples.length >> 1)
  return slope(half.map(({ at }) => at), half.map(({ rss }) => rss))
}

function text ({ aborts, samples, growthPerMinute, cpuPerSecond, eventLoopLateMs: late }: {
  aborts: number, samples: Sample[], growthPerMinute: number, cpuPerSecond: number, eventLoopLateMs: { p99: number, max: number }
}, loads: Array<{ name: CaseName, requests: number, firstByte: number[], total: number[] }>): string {
  const quarters = [0, 0.25, 0.5, 0.75, 1].map((share) => samples[Math.round(share * (samples.length - 1))]!)
  return [
    table(['load', 'per second', 'answers', 'first byte ms', 'whole ms'], loads.map(({ name, requests, firstByte, total }) => [
      name, figure(RATES[name]!), figure(requests), quantiles(firstByte), quantiles(total)
    ])),
    '',
    table(['resident memory after', ...quarters.map(({ at }) => `${figure(at, 1)} min`)], [['', ...quarters.map(({ rss }) => megabytes(rss))]]),
    '',
    `In the second half memory grew by ${figure(growthPerMinute / 1_024)} KB a minute. ${aborts} clients left early. Processor: ${figure(cpuPerSecond)} ms a second. ` +
    `Event loop late: p99 ${figure(late.p99, 2)} ms, at most ${figure(late.max, 1)} ms.`
  ].join('\n')
}
