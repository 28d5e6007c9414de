import { Session } from 'node:inspector/promises'
import type { Profiler } from 'node:inspector'

/** What a process has used so far. */
export interface ProcessUsage {
  /** Processor time, user and system together, of all threads, in microseconds. */
  cpu: number
  /** Resident memory, in bytes. */
  rss: number
}

/** A question from the parent; the answer carries the same id. */
export interface Question {
  id: number
  name: 'usage' | 'profileStart' | 'profileStop'
}

/** Time between two samples of a profile, in microseconds. */
const SAMPLING_INTERVAL = 100

/**
 * Tells the parent that this process is ready, and answers its questions. When the parent is gone, however it went, the process ends:
 * a benchmark leaves nothing behind.
 */
export function answerParent (ready: object): void {
  const profiler = createProfiler()
  const answers: Record<Question['name'], () => unknown> = { usage, profileStart: profiler.start, profileStop: profiler.stop }
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
    }
  }
}
