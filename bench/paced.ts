/**
 * What many open streams cost at the pace of real answers: an event arrives alone, is read alone and written alone.
 * Processor time per event and memory per open stream, of the gateway beside the bare proxy. See README.md beside this file.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Pool } from 'undici'
import { textDelta } from './cases.ts'
import { makeBed, type Bed, type Child } from './children.ts'
import { clientHeaders } from './load.ts'
import { PACED_TEXT, PERIOD } from './pace.ts'
import { circumstances, circumstancesText, figure, median, megabytes, table } from './report.ts'

type TargetName = 'proxy' | 'gateway'

/** A process takes two sockets for each stream; more would meet the usual limits of a machine. */
const MOST_STREAMS = 3_000
/** Streams opened and closed again first, so that the code is warm and memory is counted from a warm process. */
const WARM_UP = 200
/** Streams being opened at one time. */
const OPENING = 64
/** Time for what the opening left behind to settle, in milliseconds. */
const SETTLE = 2_000

interface Sample {
  target: TargetName
  /** Microseconds of processor time per event. */
  cpuPerEvent: number
  /** Resident memory in bytes, for each open stream. */
  rssPerStream: number
  rss: number
  events: number
}

const { values: flags } = parseArgs({
  options: {
    streams: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false }
  }
})
const streams = Math.min(Number(flags.streams), MOST_STREAMS)
const BODY = JSON.stringify({ model: 'claude-sonnet-5-5', max_tokens: 1_024, stream: true, messages: [{ role: 'user', content: 'say hi' }] })
const eventLength = textDelta(PACED_TEXT).length
const about = circumstances('paced')
const samples: Sample[] = []

for (let round = 0; round < Number(flags.rounds); round++) {
  const order: TargetName[] = round % 2 === 0 ? ['proxy', 'gateway'] : ['gateway', 'proxy']
  for (const target of order) samples.push(await sample(target))
}
if (flags.json) console.log(JSON.stringify({ ...about, streams, samples }, null, 2))
else printTable()

/** Fresh processes for each sample: memory that one run leaves behind must not flatter the next. */
async function sample (target: TargetName): Promise<Sample> {
  await using bed: Bed = await makeBed('paced-upstream', MOST_STREAMS)
  const child = await bed.start(target)
  await warmUp(child)
  const idle = await child.usage()
  await using open = await openStreams(child, streams)
  await sleep(SETTLE)
  const [before, bytesBefore] = [await child.usage(), open.bytes()]
  await sleep(Number(flags.seconds) * 1_000)
  const [after, bytesAfter] = [await child.usage(), open.bytes()]
  const events = (bytesAfter - bytesBefore) / eventLength
  assertComplete(open.running(), events)
  return { target, cpuPerEvent: (after.cpu - before.cpu) / events, rssPerStream: (after.rss - idle.rss) / streams, rss: after.rss, events }
}

async function warmUp (child: Child): Promise<void> {
  const open = await openStreams(child, WARM_UP)
  await sleep(SETTLE)
  await open[Symbol.asyncDispose]()
  await sleep(SETTLE)
}

/** @throws Error when a stream has ended or events have stayed behind: the load was not the one that is reported */
function assertComplete (running: number, events: number): void {
  const expected = streams * Number(flags.seconds) * 1_000 / PERIOD
  if (running !== streams) throw new Error(`the run is void: ${streams - running} of ${streams} streams have ended`)
  if (Math.abs(events - expected) > expected / 20) throw new Error(`the run is void: ${figure(events)} events arrived, not ${expected}`)
}

/** Opens streams and reads them; resolves when each has begun. They are cut off when disposed of. */
async function openStreams (target: Child, count: number) {
  const pool = new Pool(target.origin, { connections: count, pipelining: 1, allowH2: false, bodyTimeout: 0 })
  let bytes = 0
  let running = 0
  let opened = 0

  function open (): Promise<void> {
    return new Promise((resolve, reject) => {
      pool.dispatch({ path: '/v1/messages', method: 'POST', headers: clientHeaders(target.token, 'paced'), body: BODY }, {
        onRequestStart () {},
        onResponseStart (_controller, status) {
          if (status !== 200) reject(new Error(`the run is void: a stream was answered ${status}`))
          running++
        },
        onResponseData (_controller, chunk) {
          bytes += chunk.length
          resolve()
        },
        onResponseEnd () { running-- },
        onResponseError (_controller, error) {
          running--
          reject(error)
        }
      })
    })
  }

  async function openInTurn (): Promise<void> {
    while (opened++ < count) await open()
  }

  await Promise.all(Array.from({ length: OPENING }, openInTurn))
  return {
    bytes: () => bytes,
    running: () => running,
    [Symbol.asyncDispose]: () => pool.destroy()
  }
}

function printTable (): void {
  console.log(circumstancesText(about))
  console.log(`\n${streams} open streams, ${1_000 / PERIOD} events/s each, for ${flags.seconds} s; median of ${flags.rounds} rounds (least–most)\n`)
  const [proxy, gateway] = (['proxy', 'gateway'] as const).map((target) => samples.filter((one) => one.target === target)) as [Sample[], Sample[]]
  console.log(table(['', 'bare proxy', 'gateway', 'gateway ÷ proxy'], [
    row('processor time per event, µs', proxy, gateway, (one) => one.cpuPerEvent),
    row('memory per open stream, KB', proxy, gateway, (one) => one.rssPerStream / 1_024),
    ['resident memory with all open', megabytes(median(proxy.map((one) => one.rss))), megabytes(median(gateway.map((one) => one.rss))), '']
  ]))
}

function row (title: string, proxy: Sample[], gateway: Sample[], value: (sample: Sample) => number): string[] {
  const [base, ours] = [proxy.map(value), gateway.map(value)]
  return [title, spread(base), spread(ours), `**${figure(median(ours) / median(base), 2)}**`]
}

function spread (values: number[]): string {
  return `${figure(median(values), 1)} (${figure(Math.min(...values), 1)}–${figure(Math.max(...values), 1)})`
}
