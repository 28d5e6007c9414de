import { makeBed, type Bed } from '../children.ts'
import { clientHeaders } from '../client.ts'
import { kernelUsage } from '../kernel.ts'
import { VoidRun, type Request } from '../load.ts'
import type { ProcessUsage } from '../targets/probe.ts'
import { PEERS } from './peers.ts'
import type { Running } from './start.ts'

/** Names of ours in the tables. */
export const OURS = 'ccproxy'
export const BARE = 'bare Node proxy'
export const FOUNDATION = 'Fastify and undici alone'
export const DIRECT = 'direct'

export interface Competitor extends Running {
  name: string
  /** By the kernel's accounts: the same ruler for all. */
  usage (): Promise<ProcessUsage>
}

/** Why one is not in a table: `answers 500`, or what it said when it did not start. */
export type Absent = Record<string, string>

export const FIELD = [...PEERS.map(({ name }) => name), BARE, FOUNDATION, OURS]

/**
 * Starts one of the field before the upstream of a bed.
 * @throws Error when it does not start
 */
export async function startCompetitor (name: string, bed: Bed): Promise<Competitor> {
  const peer = PEERS.find((one) => one.name === name)
  const running = peer !== undefined ? await peer.start(bed) : await startOwn(name, bed)
  return { ...running, name, usage: async () => kernelUsage(running.pid) }
}

async function startOwn (name: string, bed: Bed): Promise<Running> {
  const { origin, token, pid } = name === DIRECT ? bed.upstream : await bed.start(name === BARE ? 'proxy' : name === FOUNDATION ? 'foundation' : 'gateway')
  // The bed ends what it started.
  return { origin, token, pid, headers: {}, stop: async () => {} }
}

/** Gives the whole field, as far as it starts, and ends it when the work is done. */
export async function withField<Value> (names: string[], absent: Absent, work: (field: Competitor[], bed: Bed) => Promise<Value>): Promise<Value> {
  await using bed = await makeBed('upstream')
  const field: Competitor[] = []
  try {
    for (const name of names) {
      await startCompetitor(name, bed).then((one) => field.push(one), (error: Error) => { absent[name] = error.message })
    }
    return await work(field, bed)
  } finally {
    await Promise.all(field.map((one) => one.stop()))
  }
}

/** A request to one of the field; its expected length is not known yet. */
export function requestOf ({ origin, token, headers }: Running, caseName: string, body: Buffer, nonce: string): Request {
  return { origin, path: '/v1/messages', headers: { ...clientHeaders(token, caseName), ...headers }, body, expected: { length: 0, nonce } }
}

/** What the table says of one whose answers were not those expected. */
export function reasonOf (error: unknown): string {
  if (error instanceof VoidRun && error.status !== 0 && error.status !== 200) return `answers ${error.status}`
  return (error as Error).message.slice(0, 120)
}
