import { availableParallelism, cpus, loadavg, release, type } from 'node:os'
import { median, quantile, type Ratio } from './statistics.ts'

/** The circumstances of a run; figures without them are worth nothing. */
export function circumstances (script: string, args = process.argv.slice(2)) {
  return {
    command: [`npm run ${script}`, ...args.length > 0 ? ['--', ...args] : []].join(' '),
    date: new Date().toISOString(),
    machine: `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${type()} ${release()}`,
    node: process.version,
    /** Processes that wanted to run in the minute before: what else the machine was doing. */
    loadBefore: Number(loadavg()[0]!.toFixed(2))
  }
}

export type Circumstances = ReturnType<typeof circumstances>

export function circumstancesText ({ command, date, machine, node, loadBefore }: Circumstances): string {
  return `\`${command}\` · ${date} · ${machine} · Node ${node} · load before ${loadBefore}`
}

/** What a scenario has to tell: for people, and whole for programs. */
export interface Section {
  title: string
  /** Markdown: tables, and what must be said beside them. */
  text: string
  data: unknown
}

/** A table in Markdown; the first column is text, the others are figures. */
export function table (head: string[], rows: string[][]): string {
  const rule = head.map((_, index) => index === 0 ? '---' : '---:')
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

export function figure (value: number, digits = 0): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '–'
}

/** A figure with as many digits as are worth reading. */
export function short (value: number): string {
  return figure(value, Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0)
}

/** Bytes as whole megabytes. */
export function megabytes (bytes: number): string {
  return `${figure(bytes / 2 ** 20)} MB`
}

/** The median of some rounds, with the least and the most. */
export function rounds (values: readonly number[]): string {
  return `${short(median(values))} (${short(Math.min(...values))}–${short(Math.max(...values))})`
}

/** p50 / p90 / p99, less those of `base` where there is one. */
export function quantiles (values: readonly number[], base?: readonly number[]): string {
  if (values.length === 0) return '–'
  return [0.5, 0.9, 0.99].map((share) => figure(quantile(values, share) - (base === undefined ? 0 : quantile(base, share)), 2)).join(' / ')
}

export function ratioText ({ ofMedians, least, most }: Ratio): string {
  return `**${figure(ofMedians, 2)}** (${figure(least, 2)}–${figure(most, 2)})`
}
