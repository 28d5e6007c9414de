/** What a stream costs that is open and says nothing: memory, and a little time for looking after it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { makeBed, type Child } from '../children.ts'
import type { SuiteOptions } from '../flags.ts'
import { VoidRun } from '../load.ts'
import { IDLE_CASE } from '../pace.ts'
import { figure, megabytes, rounds, table, type Section } from '../report.ts'
import { makeStreams, type StreamTarget } from '../streams.ts'
import { median, rotated } from '../statistics.ts'

const STREAMS = 4_000
const WARM_UP = 200
/** Time for what the opening left behind to be collected, in milliseconds. */
const SETTLE = 3_000
/** Time in which processor time is measured, in milliseconds. */
const MEASURE = 5_000

export interface IdleSample {
  /** Resident memory in bytes, for each open stream. */
  rssPerStream: number
  rss: number
  /** Milliseconds of processor time in each second, all streams together. */
  cpuPerSecond: number
}

export async function idle ({ quick }: SuiteOptions): Promise<Section> {
  const samples: Record<'proxy' | 'gateway', IdleSample[]> = { proxy: [], gateway: [] }
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const name of rotated(['proxy', 'gateway'] as const, round)) {
      await using bed = await makeBed('paced-upstream', { connections: STREAMS })
      samples[name].push(await sampleIdle(await bed.start(name)))
    }
  }
  const rows = Object.entries(samples).map(([name, found]) => [
    name, rounds(found.map((one) => one.rssPerStream / 1_024)), megabytes(median(found.map((one) => one.rss))),
    rounds(found.map((one) => one.cpuPerSecond))
  ])
  const head = ['', 'memory per stream, KB', 'resident with all open', 'CPU ms per second']
  return { title: `${figure(STREAMS)} idle streams`, text: table(head, rows), data: samples }
}

/** Opens the streams on a fresh process: memory that one run leaves behind must not flatter the next. */
async function sampleIdle (target: Pick<Child, 'usage'> & StreamTarget): Promise<IdleSample> {
  {
    await using warm = makeStreams(target, WARM_UP, IDLE_CASE)
    await warm.open(WARM_UP)
    await sleep(SETTLE / 2)
  }
  await sleep(SETTLE / 2)
  const empty = await target.usage()
  await using streams = makeStreams(target, STREAMS, IDLE_CASE)
  await streams.open(STREAMS)
  await sleep(SETTLE)
  const before = await target.usage()
  await sleep(MEASURE)
  const after = await target.usage()
  if (streams.running() !== STREAMS) throw new VoidRun(`${STREAMS - streams.running()} of ${STREAMS} streams have ended`)
  return { rssPerStream: (after.rss - empty.rss) / STREAMS, rss: after.rss, cpuPerSecond: (after.cpu - before.cpu) / MEASURE }
}
