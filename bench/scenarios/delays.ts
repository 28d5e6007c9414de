/**
 * How long the gateway holds things back: the first event of a stream on its way to the client, and a client's leaving on its way to the
 * upstream. One request at a time; each target is measured in the same way. See README.md beside this folder.
 */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { smallRequest } from '../cases.ts'
import { makeBed, type Child } from '../children.ts'
import { clientHeaders } from '../client.ts'
import type { SuiteOptions } from '../flags.ts'
import { VoidRun } from '../load.ts'
import { figure, table, type Section } from '../report.ts'
import { quantile } from '../statistics.ts'
import { sharedClock } from '../targets/probe.ts'

const RUNS = 50
const QUICK_RUNS = 15
/** Runs that are thrown away first: programs are slow while they are new. */
const WARM_UP = 10
/** What a delay may be at the most, in milliseconds. */
const LIMITS = { firstEvent: 50, abort: 100 }

interface Window {
  title: string
  limit: number
  /** @returns the delay, in milliseconds */
  run: (target: Child) => Promise<number>
}

export async function delays ({ quick }: SuiteOptions): Promise<Section> {
  await using bed = await makeBed('slow-upstream')
  const targets = { direct: bed.upstream, proxy: await bed.start('proxy'), gateway: await bed.start('gateway') }
  const rows: string[][] = []
  const data: Array<{ window: string, target: string, delays: number[] }> = []
  for (const [name, window] of Object.entries(windowsOf(bed.upstream))) {
    for (const [target, child] of Object.entries(targets)) {
      const found = await repeat(() => window.run(child), quick ? QUICK_RUNS : RUNS)
      rows.push(rowOf(window, target, found))
      data.push({ window: name, target, delays: found })
    }
  }
  const text = `ms, one at a time\n\n${table(['what', 'through', 'p50', 'p99', 'most', 'limit'], rows)}`
  return { title: 'What is held back', text, data }
}

function windowsOf (upstream: Child): Record<string, Window> {
  return {
    firstEvent: { title: 'first event, then 2 s of silence: sent → received', limit: LIMITS.firstEvent, run: (target) => firstEvent(target, upstream) },
    noHeaders: { title: 'abort before upstream headers → upstream closed', limit: LIMITS.abort, run: (target) => abortWhenWaiting(target, upstream, 'noHeaders') },
    midStream: { title: 'abort in mid-stream → upstream closed', limit: LIMITS.abort, run: (target) => abortInMidStream(target, upstream) },
    flood: { title: 'abort while paused by backpressure → upstream closed', limit: LIMITS.abort, run: (target) => abortWhenWaiting(target, upstream, 'flood') }
  }
}

function rowOf ({ title, limit }: Window, target: string, found: number[]): string[] {
  const most = Math.max(...found)
  const verdict = target === 'gateway' ? `${limit} ${most <= limit ? 'kept' : 'missed'}` : ''
  return [title, target, figure(quantile(found, 0.5), 2), figure(quantile(found, 0.99), 2), figure(most, 2), verdict]
}

async function repeat (run: () => Promise<number>, runs: number): Promise<number[]> {
  const found: number[] = []
  for (let index = -WARM_UP; index < runs; index++) {
    const delay = await run()
    if (index >= 0) found.push(delay)
  }
  return found
}

/** The upstream writes the time into the message's id; nothing but that one event can be there. */
async function firstEvent (target: Child, upstream: Child): Promise<number> {
  const { req, res } = send(target, 'firstEvent')
  const [chunk] = await once(await res, 'data') as [Buffer]
  const received = sharedClock()
  const sent = Number(/"id":"msg_(\d+)"/.exec(chunk.toString('latin1'))?.[1])
  if (!(sent <= received)) throw new VoidRun('what came first is not the first event')
  await closing(req, upstream)
  return (received - sent) / 1_000
}

async function abortInMidStream (target: Child, upstream: Child): Promise<number> {
  const { req, res } = send(target, 'midStream')
  const stream = await res
  let events = 0
  while (events++ < 3) await once(stream, 'data')
  return closing(req, upstream)
}

/** Aborts when the upstream says that it can do nothing but wait. The answer, if there is one, is not read. */
async function abortWhenWaiting (target: Child, upstream: Child, behaviour: string): Promise<number> {
  const waiting = upstream.nextReport('waiting')
  const { req } = send(target, behaviour)
  await waiting
  return closing(req, upstream)
}

/** @returns the milliseconds from the client's leaving to the upstream's noticing */
async function closing (req: ReturnType<typeof request>, upstream: Child): Promise<number> {
  const closed = upstream.nextReport('closed')
  const left = sharedClock()
  req.destroy()
  return ((await closed).at! - left) / 1_000
}

function send (target: Child, behaviour: string) {
  const req = request(`${target.origin}/v1/messages`, { method: 'POST', agent: false, headers: clientHeaders(target.token, behaviour) })
  const res = new Promise<IncomingMessage>((resolve) => req.on('response', resolve))
  // What is cut off on purpose fails; that is no news.
  req.on('error', () => {})
  res.then((response) => response.on('error', () => {}))
  req.end(smallRequest(true))
  return { req, res }
}
