/**
 * Clients that leave at all times: before an answer, at its first byte, in its midst. Nothing may stay open at the upstream, and nothing may
 * stay in memory.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { smallRequest } from '../cases.ts'
import { makeBed, type Child } from '../children.ts'
import { clientHeaders } from '../client.ts'
import type { SuiteOptions } from '../flags.ts'
import { dispatchOptions, poolFor, VoidRun } from '../load.ts'
import { PACED_CASE } from '../pace.ts'
import { figure, megabytes, rounds, table, type Section } from '../report.ts'
import { median, rotated } from '../statistics.ts'

const CLIENTS = 64
/** Clients stay for so many milliseconds, in turns; the first leave at once. */
const STAYS = [0, 0, 1, 2, 5, 10, 20, 50]
const ABORTS = 2_000
/** How long the upstream may take to see the last one go, in milliseconds. */
const PATIENCE = 5_000

interface Storm {
  /** Microseconds of processor time for each request that came and was left. */
  cpu: number
  /** Milliseconds until the upstream had no request open any more. */
  settled: number
  rss: number
}

export async function abort ({ quick }: SuiteOptions): Promise<Section> {
  await using bed = await makeBed('paced-upstream')
  const targets = { proxy: await bed.start('proxy'), gateway: await bed.start('gateway') }
  const storms: Record<'proxy' | 'gateway', Storm[]> = { proxy: [], gateway: [] }
  for (let round = -1; round < (quick ? 3 : 8); round++) {
    for (const name of rotated(['proxy', 'gateway'] as const, round + 1)) {
      const storm = await storming(targets[name], bed.upstream)
      if (round >= 0) storms[name].push(storm)
    }
  }
  const rows = Object.entries(storms).map(([name, found]) => [
    name, rounds(found.map(({ cpu }) => cpu)), figure(median(found.map(({ settled }) => settled))),
    megabytes(found[0]!.rss), megabytes(found.at(-1)!.rss)
  ])
  const head = ['', 'CPU µs per aborted request', 'upstream empty after, ms', 'resident, first storm', 'resident, last storm']
  return {
    title: `Abort storm: ${ABORTS} requests, left by their clients after ${STAYS[0]} to ${STAYS.at(-1)} ms`,
    text: `${storms.proxy.length} storms in turns; after each no request is open at the upstream.\n\n${table(head, rows)}`,
    data: storms
  }
}

async function storming (target: Child, upstream: Child): Promise<Storm> {
  const before = await target.usage()
  let left = 0
  const client = async () => {
    while (left < ABORTS) await visit(target, STAYS[left++ % STAYS.length]!)
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  const settled = await emptied(upstream)
  const after = await target.usage()
  return { cpu: (after.cpu - before.cpu) / ABORTS, settled, rss: after.rss }
}

/** Sends a request, stays for a while, and leaves without a word. */
async function visit (target: Child, stay: number): Promise<void> {
  const pool = poolFor(target, 1)
  const failed = new Promise<void>((resolve, reject) => {
    pool.dispatch(dispatchOptions({ path: '/v1/messages', headers: clientHeaders(target.token, PACED_CASE), body: smallRequest(true) }), {
      onRequestStart () {},
      onResponseStart (_controller, status) {
        if (status !== 200) reject(new VoidRun(`a stream was answered ${status}`, { status }))
      },
      onResponseData () {},
      onResponseEnd () { reject(new VoidRun('a stream ended')) },
      // It is what we wanted.
      onResponseError () { resolve() }
    })
  })
  await Promise.race([failed, sleep(stay)])
  await Promise.all([pool.destroy(), failed])
}

async function emptied (upstream: Child): Promise<number> {
  const start = performance.now()
  while (await upstream.open() > 0) {
    if (performance.now() - start > PATIENCE) throw new VoidRun(`${await upstream.open()} requests stayed open at the upstream`)
    await sleep(1)
  }
  return performance.now() - start
}
