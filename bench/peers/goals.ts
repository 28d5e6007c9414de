import { figure, table } from '../report.ts'
import { median } from '../statistics.ts'
import { BARE, FOUNDATION, OURS } from './field.ts'
import { addedLatency, eventCosts, requestCosts, timesOf, type Results } from './results.ts'

/** What we mean to reach, as a ratio within one run. */
interface Goal {
  title: string
  /** NaN where something that it needs was not measured. */
  value: number
  /** The most that it may be; or the least, where `atLeast`. */
  limit: number
  atLeast?: boolean
  /** What it is for what the gateway is built on: below that only a better way than Fastify's leads. */
  foundation?: number
}

/** The goals and what became of them, as a table. */
export function goalsText (results: Results): string {
  return table(['goal', 'limit', 'measured', '', `measured of ${FOUNDATION}`], goalsOf(results).map(({ title, value, limit, atLeast = false, foundation }) => {
    const kept = atLeast ? value >= limit : value <= limit
    const verdict = Number.isNaN(value) ? 'not measured, or lost in noise' : kept ? 'kept' : '**missed**'
    return [title, `${atLeast ? '≥' : '≤'} ${limit}`, figure(value, 2), verdict, foundation === undefined ? '' : figure(foundation, 2)]
  }))
}

function goalsOf (results: Results): Goal[] {
  return [...requestGoals(results), ...streamGoals(results), ...latencyGoals(results), ...ownGoals(results)]
}

function requestGoals (results: Results): Goal[] {
  const [small, stream, large] = (['small', 'stream', 'large'] as const).map((name) => requestCosts(results, name)) as [Costs, Costs, Costs]
  const goal = (title: string, costs: Costs, other: string, limit: number): Goal => (
    { title: `${title} ÷ ${other}`, value: timesOf(costs, OURS, other), limit, foundation: timesOf(costs, FOUNDATION, other) }
  )
  const lead = (title: string, costs: Costs, other: string, limit: number): Goal => (
    { title: `${title}: ${other} ÷ ${OURS}`, value: timesOf(costs, other, OURS), limit, atLeast: true, foundation: timesOf(costs, other, FOUNDATION) }
  )
  return [
    goal('small request', small, BARE, 1.1), goal('small request', small, 'nginx', 3),
    lead('small request', small, 'Portkey', 7), lead('small request', small, 'claude-code-router', 7),
    goal('53-event stream', stream, BARE, 1), goal('53-event stream', stream, 'nginx', 1.25),
    goal('150 KB request', large, BARE, 1), goal('150 KB request', large, 'nginx', 2), lead('150 KB request', large, 'claude-code-router', 60)
  ]
}

type Costs = ReturnType<typeof requestCosts>

function streamGoals (results: Results): Goal[] {
  const { streams, most, samples } = results.streams
  const costs = eventCosts(results)
  const memory = (name: string) => median((samples[name] ?? []).map(({ rssPerStream }) => rssPerStream / 1_024))
  return [
    ...([[BARE, 0.75], ['nginx', 1.4]] as const).map(([other, limit]): Goal => (
      { title: `paced event, ${streams} streams ÷ ${other}`, value: timesOf(costs, OURS, other), limit, foundation: timesOf(costs, FOUNDATION, other) }
    )),
    { title: `memory per stream at ${most}, KB`, value: memory(OURS), limit: 40, foundation: memory(FOUNDATION) }
  ]
}

function latencyGoals (results: Results): Goal[] {
  return [0.5, 0.99].flatMap((share) => [[BARE, 1.2], ['Portkey', 0.3]].map(([other, limit]): Goal => ({
    title: `added latency of a small request, p${share * 100} ÷ ${other}`,
    value: ratioOfAdded(addedLatency(results, 'small', OURS, share), addedLatency(results, 'small', String(other), share)),
    limit: Number(limit),
    foundation: ratioOfAdded(addedLatency(results, 'small', FOUNDATION, share), addedLatency(results, 'small', String(other), share))
  })))
}

/** A difference below zero is noise, and so is a ratio of it. */
function ratioOfAdded (own: number, other: number): number {
  return own > 0 && other > 0 ? own / other : NaN
}

interface OpenAiData { [title: string]: Record<string, { ratio: { ofMedians: number } }> }
interface StartData { ratio: { ofMedians: number } }
interface GrowthData { [size: string]: { gateway: number[] } }

function ownGoals ({ own }: Results): Goal[] {
  const translated = Object.entries((own['openai']?.data ?? {}) as OpenAiData).find(([title]) => title.startsWith('1000 events, each'))?.[1]
  const start = own['start']?.data as StartData | undefined
  return [
    {
      title: 'OpenAI-translated stream ÷ native',
      value: Math.max(translated?.['chat']?.ratio.ofMedians ?? NaN, translated?.['responses']?.ratio.ofMedians ?? NaN),
      limit: 1.5
    },
    { title: 'growth: µs per KB from 3 to 10 MB ÷ from 30 KB to 3 MB', value: bend((own['growth']?.data ?? {}) as GrowthData), limit: 1.25 },
    { title: 'start to ready ÷ empty Fastify server', value: start?.ratio.ofMedians ?? NaN, limit: 3 }
  ]
}

/** How much steeper the cost grows at the end than before; 1 when it grows along a straight line. */
function bend (data: GrowthData): number {
  const points = Object.entries(data).map(([size, { gateway }]) => ({ size: Number(size), cost: median(gateway) }))
  const [first, before, last] = [points[0], points.at(-2), points.at(-1)]
  if (first === undefined || before === undefined || last === undefined) return NaN
  return ((last.cost - before.cost) / (last.size - before.size)) / ((before.cost - first.cost) / (before.size - first.size))
}
