import { Session } from 'node:inspector/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { HeapProfiler, Profiler } from 'node:inspector'

/** What a process has used so far. */
export interface ProcessUsage {
  /** Processor time, user and system together, of all threads, in microseconds. */
  cpu: number
  /** Resident memory, in bytes. */
  rss: number
}

/** How late an event loop came to a timer of 10 ms, in milliseconds. */
export interface LoopDelay {
  p50: number
  p99: number
  max: number
}

/** A question from the parent; the answer carries the same id. */
export interface Question {
  id: number
  name: 'usage' | 'loopStart' | 'loopStop' | 'open' | 'profileStart' | 'profileStop' | 'heapStart' | 'heapStop'
}

/** Between two looks at the event loop, in milliseconds. Watching costs something, so that it is not done while processor time is measured. */
const LOOK = 10

/** Time between two samples of a profile, in microseconds. */
const SAMPLING_INTERVAL = 100
/** Bytes allocated between two samples of a heap profile, on average. */
const HEAP_INTERVAL = 16 * 1_024

/**
 * Tells the parent that this process is ready, and answers its questions. When the parent is gone, however it went, the process ends:
 * a benchmark leaves nothing behind.
 * @param open tells how many requests are open; for upstreams
 */
export function answerParent (ready: object, open: () => number = () => 0): void {
  const profiler = createProfiler()
  const loop = createLoopWatch()
  const answers: Record<Question['name'], () => unknown> = {
    usage,
    open,
    loopStart: loop.start,
    loopStop: loop.stop,
    profileStart: profiler.start,
    profileStop: profiler.stop,
    heapStart: profiler.heapStart,
    heapStop: profiler.heapStop
  }
  process.on('message', async ({ id, name }: Question) => {
    process.send!({ id, answer: await answers[name]() })
  })
  process.on('disconnect', () => process.exit())
  process.send!({ ready })
}

/** Tells the parent something that it did not ask for. */
export function report (text: string, at?: number): void {
  process.send!({ report: { text, at } })
}

/** Microseconds of a clock that all processes of one machine share. */
export function sharedClock (): number {
  return Number(process.hrtime.bigint() / 1_000n)
}

function usage (): ProcessUsage {
  const { user, system } = process.cpuUsage()
  return { cpu: user + system, rss: process.memoryUsage.rss() }
}

function createLoopWatch () {
  const delays = monitorEventLoopDelay({ resolution: LOOK })
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - LOOK)

  return {
    start (): void {
      delays.reset()
      delays.enable()
    },

    stop (): LoopDelay {
      delays.disable()
      return { p50: late(delays.percentile(50)), p99: late(delays.percentile(99)), max: late(delays.max) }
    }
  }
}

/** The profiler behind `node --cpu-prof`, but started when the process is warm. */
function createProfiler () {
  const session = new Session()

  return {
    async start (): Promise<void> {
      session.connect()
      await session.post('Profiler.enable')
      await session.post('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL })
      await session.post('Profiler.start')
    },

    async stop (): Promise<Profiler.Profile> {
      const { profile } = await session.post('Profiler.stop')
      session.disconnect()
      return profile
    },

    /** What is garbage by the end counts as well: it is what keeps the collector busy. */
    async heapStart (): Promise<void> {
      session.connect()
      await session.post('HeapProfiler.startSampling', {
        samplingInterval: HEAP_INTERVAL, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true
      })
    },

    async heapStop (): Promise<HeapProfiler.SamplingHeapProfile> {
      const { profile } = await session.post('HeapProfiler.stopSampling')
      session.disconnect()
      return profile
    }
  }
}
