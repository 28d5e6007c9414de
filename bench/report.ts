import { availableParallelism, cpus, loadavg, release, type } from 'node:os'

/** The value below which `share` (0 to 1) of the values lie; the nearest of them, none made up between two. */
export function quantile (values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}

export function median (values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** The circumstances of a run; figures without them are worth nothing. */
export function circumstances (script: string) {
  return {
    command: ['node', `bench/${script}.ts`, ...process.argv.slice(2)].join(' '),
    date: new Date().toISOString(),
    machine: `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${type()} ${release()}`,
    node: process.version,
    /** Processes that wanted to run in the minute before: what else the machine was doing. */
    loadBefore: Number(loadavg()[0]!.toFixed(2))
  }
}

export function circumstancesText ({ command, date, machine, node, loadBefore }: ReturnType<typeof circumstances>): string {
  return `\`${command}\` · ${date} · ${machine} · Node ${node} · load before ${loadBefore}`
}

/** A table in Markdown; the first column is text, the others are figures. */
export function table (head: string[], rows: string[][]): string {
  const rule = head.map((_, index) => index === 0 ? '---' : '---:')
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

export function figure (value: number, digits = 0): string {
  return value.toFixed(digits)
}

/** Bytes as whole megabytes. */
export function megabytes (bytes: number): string {
  return `${figure(bytes / 2 ** 20)} MB`
}
