import type { CaseName } from '../cases.ts'
import type { Measured } from '../compare.ts'
import type { Circumstances, Section } from '../report.ts'
import { median, quantile } from '../statistics.ts'
import { DIRECT } from './field.ts'
import type { RequestResult } from './requests.ts'
import type { StreamResult } from './streams.ts'

/** Everything that a run of the whole field found. */
export interface Results {
  about: Circumstances
  /** Of the programs, by name. */
  versions: Record<string, string>
  settings: Record<string, string>
  requests: Partial<Record<CaseName, RequestResult>>
  streams: StreamResult
  /** What is measured of the gateway alone. */
  own: Record<string, Section>
}

/** One figure of one of the field, a round each; undefined where it is absent. */
export type Costs = (name: string) => number[] | undefined

/** Microseconds of processor time per request. */
export function requestCosts (results: Results, scenario: CaseName): Costs {
  return (name) => results.requests[scenario]?.measured.find((one) => one.name === name)?.cpu
}

/** Microseconds of processor time per paced event. */
export function eventCosts ({ streams }: Results): Costs {
  return (name) => streams.samples[name]?.map(({ cpuPerEvent }) => cpuPerEvent)
}

/** How many times as much one costs as another; NaN where one is absent. */
export function timesOf (costs: Costs, name: string, other: string): number {
  const [own, theirs] = [costs(name), costs(other)]
  return own === undefined || theirs === undefined ? NaN : median(own) / median(theirs)
}

/** What one adds to a direct answer at the fixed rate, in milliseconds; NaN where it was not measured. */
export function addedLatency (results: Results, scenario: CaseName, name: string, share: number): number {
  const total = (who: string) => results.requests[scenario]?.measured.find((one) => one.name === who)?.paced.total ?? []
  return quantile(total(name), share) - quantile(total(DIRECT), share)
}

/** The same without each single time, which would be megabytes. */
export function forProgram (results: Results) {
  const { requests, streams, own, ...rest } = results
  return {
    ...rest,
    requests: Object.fromEntries(Object.entries(requests).map(([name, result]) => [name, { ...result, measured: result.measured.map(summary) }])),
    streams: {
      ...streams,
      samples: Object.fromEntries(Object.entries(streams.samples).map(([name, samples]) => [
        name, samples.map(({ delays, ...sample }) => ({ ...sample, delayMs: threeOf(delays) }))
      ]))
    },
    own: Object.fromEntries(Object.entries(own).map(([name, { data }]) => [name, data]))
  }
}

function summary ({ closed, paced, ...one }: Measured) {
  return {
    ...one,
    latencyMs: {
      fixedRate: { firstByte: threeOf(paced.firstByte), total: threeOf(paced.total) },
      closedLoop: { firstByte: threeOf(closed.firstByte), total: threeOf(closed.total) }
    }
  }
}

function threeOf (values: number[]) {
  // JSON has no NaN.
  return values.length === 0 ? null : { p50: quantile(values, 0.5), p90: quantile(values, 0.9), p99: quantile(values, 0.99) }
}
