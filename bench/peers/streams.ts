import { setTimeout as sleep } from 'node:timers/promises'
import { makeBed } from '../children.ts'
import { PACED_CASE } from '../pace.ts'
import { measurePaced, warmUp } from '../scenarios/paced.ts'
import { rotated } from '../statistics.ts'
import { makeStreams } from '../streams.ts'
import { FIELD, reasonOf, startCompetitor, type Absent } from './field.ts'

/** Time for what the opening left behind to settle, in milliseconds. */
const SETTLE = 2_000
/** Time in which processor time is measured, in milliseconds. */
const MEASURE = 5_000

/** One of the field with many paced streams open. */
export interface StreamSample {
  /** Microseconds of processor time. */
  cpuPerEvent: number
  /** Milliseconds from the upstream's writing to the client's reading. */
  delays: number[]
  /** Of the events that were due in that time, the share that came. */
  share: number
  /** Resident memory in bytes, for each open stream, with more of them open than were measured. */
  rssPerStream: number
}

export interface StreamResult {
  streams: number
  most: number
  samples: Record<string, StreamSample[]>
  absent: Absent
}

/**
 * Many streams at the pace of real answers, through each of the field in turn, every time on a fresh process.
 * @param streams whose events are priced
 * @param most whose memory is
 */
export async function fieldStreams (streams: number, most: number, rounds: number): Promise<StreamResult> {
  const absent: Absent = {}
  const samples: Record<string, StreamSample[]> = {}
  for (let round = 0; round < rounds; round++) {
    for (const name of rotated(FIELD, round)) {
      if (absent[name] !== undefined) continue
      await sample(name, streams, most).then((one) => (samples[name] ??= []).push(one), (error) => { absent[name] = reasonOf(error) })
    }
  }
  for (const name of Object.keys(absent)) delete samples[name]
  return { streams, most, samples, absent }
}

async function sample (name: string, count: number, most: number): Promise<StreamSample> {
  await using bed = await makeBed('paced-upstream', { connections: most })
  const one = await startCompetitor(name, bed)
  try {
    await warmUp(one)
    await sleep(SETTLE)
    const empty = await one.usage()
    await using streams = makeStreams(one, most, PACED_CASE)
    await streams.open(count)
    await sleep(SETTLE)
    const { cpuPerEvent, delays, share } = await measurePaced(one, streams, MEASURE)
    await streams.open(most - count)
    await sleep(SETTLE)
    return { cpuPerEvent, delays, share, rssPerStream: ((await one.usage()).rss - empty.rss) / most }
  } finally {
    await one.stop()
  }
}
