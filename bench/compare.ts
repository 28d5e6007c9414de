import { cannon } from './cannon.ts'
import { load, VoidRun, type Load, type Request } from './load.ts'
import { rotated } from './statistics.ts'
import type { LoopDelay, ProcessUsage } from './targets/probe.ts'

/** Connections of the load whose processor time is measured. */
export const BUSY = 32
/** Connections of the loads whose latency is measured. */
export const CALM = 16
/** Requests in one measurement of latency, at the most. */
const CALM_REQUESTS = 200
/** Latency is measured in one round of so many: it needs fewer than the processor time, which is what is judged. */
const LATENCY_EVERY = 3
/**
 * Rounds' worth of work that is done first and not counted: until about then the compiler's threads are busy, which is a price of the start and not
 * of a request.
 */
export const WARM_UP = 15
/** But no longer than about this for one that is slow, in seconds: by then it has done thousands of small requests. */
const LONGEST_WARM_UP = 6
/** A round of a slow contender takes about as long as this, in seconds. */
const LONGEST_ROUND = 1.5
/** How many times the rate of the calm load a contender must be able to do. */
const SPARE = 1.3

/** One of those that take turns. */
export interface Contender {
  name: string
  request: Request
  usage (): Promise<ProcessUsage>
  /** To watch its event loop with; absent where it has none that we could watch. */
  loop?: { loopStart (): Promise<void>, loopStop (): Promise<LoopDelay> }
  /**
   * Requests per second that it can do, where it may be slow: it then sends fewer in a round, and latency is not measured at a rate that it
   * cannot keep. Default: as fast as need be.
   */
  capacity?: number
}

export interface Plan {
  contenders: Contender[]
  rounds: number
  /** In one measured round. */
  requests: number
  /** Whether each answer is one piece of JSON: then autocannon is the loader of the busy load. */
  json?: boolean
  /** Requests per second of the calm load: far below what any contender can do. Without it latency is not measured. */
  rate?: number
}

/** What was seen of one contender. Times of answers are in milliseconds, of all rounds. */
export interface Measured {
  name: string
  /** Microseconds of processor time per request, one figure a round. */
  cpu: number[]
  /** Requests per second, as fast as they were answered over many connections, one figure a round. */
  rate: number[]
  /** Few connections, each as fast as it is answered. */
  closed: Times
  /** The same at a fixed rate. */
  paced: Times
  /** While at the fixed rate. The last round's: percentiles cannot be added up. */
  loop: LoopDelay | null
  /** Resident memory at the end, in bytes. */
  rss: number
}

export type Times = Pick<Load, 'firstByte' | 'total'>

/**
 * Sends every contender the same, in turns.
 * @throws VoidRun at any answer that was not expected
 */
export async function compare (plan: Plan): Promise<Measured[]> {
  const { contenders, rounds } = plan
  const results = new Map(contenders.map((contender) => [contender, emptyResult(contender.name)]))
  for (const contender of contenders) await naming(contender, warmUp(plan, contender))
  for (let round = 0; round < rounds; round++) {
    for (const contender of rotated(contenders, round)) {
      const result = results.get(contender)!
      await naming(contender, measureCost(plan, contender, result))
      if (canKeep(contender, plan.rate) && round % LATENCY_EVERY === 0) await naming(contender, measureLatency(plan, contender, result))
    }
  }
  for (const [contender, result] of results) result.rss = (await contender.usage()).rss
  return [...results.values()]
}

const busy = ({ json = false }: Plan) => json ? cannon : load

function emptyResult (name: string): Measured {
  return { name, cpu: [], rate: [], closed: { firstByte: [], total: [] }, paced: { firstByte: [], total: [] }, loop: null, rss: 0 }
}

/** Tells whose answers made a run void. */
async function naming<Value> ({ name }: Contender, work: Promise<Value>): Promise<Value> {
  return work.catch((error) => {
    if (error instanceof VoidRun) error.who = name
    throw error
  })
}

/** Whether latency can be measured: at more than its capacity it would be that of an ever longer queue. */
function canKeep ({ capacity = Infinity }: Contender, rate: number | undefined): boolean {
  return rate !== undefined && capacity > rate * SPARE
}

/** In one round. */
function requestsOf (plan: Plan, { capacity = Infinity }: Contender): number {
  return Math.max(2, Math.min(plan.requests, Math.floor(LONGEST_ROUND * capacity)))
}

async function warmUp (plan: Plan, contender: Contender): Promise<void> {
  const { request, capacity = Infinity } = contender
  const requests = Math.max(2, Math.min(plan.requests * WARM_UP, Math.floor(LONGEST_WARM_UP * capacity)))
  await busy(plan)(request, { connections: BUSY, requests })
}

async function measureCost (plan: Plan, contender: Contender, into: Measured): Promise<void> {
  const { request, usage } = contender
  const requests = requestsOf(plan, contender)
  const before = await usage()
  const { seconds } = await busy(plan)(request, { connections: BUSY, requests })
  const after = await usage()
  into.cpu.push((after.cpu - before.cpu) / requests)
  into.rate.push(requests / seconds)
}

async function measureLatency (plan: Plan, { request, loop }: Contender, into: Measured): Promise<void> {
  const requests = Math.min(plan.requests, CALM_REQUESTS)
  keep(into.closed, await load(request, { connections: CALM, requests }))
  await loop?.loopStart()
  keep(into.paced, await load(request, { connections: CALM, requests, rate: plan.rate }))
  into.loop = await loop?.loopStop() ?? null
}

function keep (times: Times, { firstByte, total }: Load): void {
  times.firstByte.push(...firstByte)
  times.total.push(...total)
}
