import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { ProcessUsage } from './targets/probe.ts'

/** Microseconds in a tick of `/proc/<pid>/stat`. Source: proc(5); USER_HZ is 100 on every platform that Linux supports. */
const TICK = 10_000
/** Where the two counts of ticks stand behind the name of the program. Source: proc(5), utime and stime. */
const [UTIME, STIME] = [11, 12]

/**
 * What a program has used by the kernel's accounts, with all processes that it has started: the only ruler that fits every program.
 * Linux only.
 */
export function kernelUsage (pid: number): ProcessUsage {
  const pids = treeOf(pid)
  return { cpu: sum(pids, cpuOf), rss: sum(pids, rssOf) }
}

function treeOf (pid: number): number[] {
  const children = threadsOf(pid).flatMap((path) => read(`${path}/children`).split(' ').filter((id) => id !== '').map(Number))
  return [pid, ...children.flatMap(treeOf)]
}

/** Microseconds of processor time, of all threads. Some kernels count nanoseconds, which short rounds need; all count ticks. */
function cpuOf (pid: number): number {
  if (existsSync(`/proc/${pid}/schedstat`)) return sum(threadsOf(pid), (path) => Number(read(`${path}/schedstat`).split(' ')[0]) / 1_000)
  const fields = read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? []
  return (Number(fields[UTIME]) + Number(fields[STIME])) * TICK
}

/** In bytes. */
function rssOf (pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1_024
}

function threadsOf (pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`)
}

/** Empty where it went away in the meantime. */
function read (path: string): string {
  try {
    return readFileSync(path, 'latin1').trim()
  } catch {
    return ''
  }
}

function sum<Item> (items: Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}
