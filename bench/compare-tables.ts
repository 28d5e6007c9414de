import { BUSY, CALM, type Measured, type Plan } from './compare.ts'
import { figure, megabytes, quantiles, ratioText, rounds, short, table } from './report.ts'
import { median, ratioOf, spread } from './statistics.ts'

export interface TableOptions {
  /** The contender in whose cost the others are priced. */
  unit: string
  /** The contender to whose latency the others add. */
  base: string
  /** Events in one answer, where it is a stream. */
  events?: number
}

/** What a comparison found, as tables. */
export function compareText (measured: Measured[], plan: Plan, options: TableOptions): string {
  const events = options.events === undefined ? [] : ['CPU µs per event']
  const cost = table(
    ['', 'requests/s', 'CPU µs per request', ...events, `÷ ${options.unit}`, 'of the least', 'resident'],
    measured.map((one) => costRow(one, measured, options))
  )
  const lines = [`${plan.rounds} rounds in turns, ${BUSY} connections: median (least–most)`, '', cost]
  if (plan.rate !== undefined) lines.push('', ...latencyText(measured, plan.rate, options.base))
  return lines.join('\n')
}

function costRow (one: Measured, all: Measured[], { unit, events }: TableOptions): string[] {
  const base = all.find(({ name }) => name === unit)!
  const ratio = ratioOf(one.cpu, base.cpu)
  const perEvent = events === undefined ? [] : [short(median(one.cpu) / events)]
  const judged = one === base ? ['1', '1'] : [ratioText(ratio), figure(ratio.ofLeast, 2)]
  return [one.name, figure(median(one.rate)), rounds(one.cpu), ...perEvent, ...judged, megabytes(one.rss)]
}

function latencyText (measured: Measured[], rate: number, baseName: string): string[] {
  const base = measured.find(({ name }) => name === baseName)
  const rows = measured.map((one) => [
    one.name,
    quantiles(one.paced.firstByte), quantiles(one.paced.total), ...added(one, base, ({ paced }) => paced.total),
    quantiles(one.closed.total), ...added(one, base, ({ closed }) => closed.total),
    one.loop === null ? '–' : figure(one.loop.p99, 2)
  ])
  return [
    `Latency in ms over ${CALM} connections, p50 / p90 / p99; *added* is beside ${baseName} at the same load`, '',
    table(['', `${rate} requests/s: first byte`, 'whole', 'added', 'as fast as answered: whole', 'added', 'event loop late, p99'], rows)
  ]
}

function added (one: Measured, base: Measured | undefined, times: (measured: Measured) => number[]): string[] {
  return [base === undefined || one === base ? '–' : quantiles(times(one), times(base))]
}

/** The same for programs: spreads instead of every single time. */
export function compareData (measured: Measured[], { unit }: TableOptions) {
  const base = measured.find(({ name }) => name === unit)!
  return Object.fromEntries(measured.map(({ name, cpu, rate, closed, paced, loop, rss }) => [name, {
    cpuPerRequest: cpu,
    ratio: ratioOf(cpu, base.cpu),
    requestsPerSecond: rate,
    latencyMs: {
      fixedRate: { firstByte: spread(paced.firstByte), total: spread(paced.total) },
      closedLoop: { firstByte: spread(closed.firstByte), total: spread(closed.total) }
    },
    eventLoopLateMs: loop,
    rss
  }]))
}
