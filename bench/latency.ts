/**
 * How long the gateway holds things back: the first event of a stream on its way to the client, and a client's leaving on its way to the
 * upstream. One request at a time; each target is measured in the same way. See README.md beside this file.
 */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { parseArgs } from 'node:util'
import { makeBed, type Child } from './children.ts'
import { clientHeaders } from './load.ts'
import { circumstances, circumstancesText, figure, quantile, table } from './report.ts'
import { sharedClock } from './targets/probe.ts'

const { values: flags } = parseArgs({
  options: { runs: { type: 'string', default: '50' }, json: { type: 'boolean', default: false } }
})
const runs = Number(flags.runs)
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

const about = circumstances('latency')
await using bed = await makeBed('slow-upstream', 256)
const windows: Record<string, Window> = {
  firstEvent: { title: 'first event, then 2 s of silence: sent → received', limit: LIMITS.firstEvent, run: firstEvent },
  noHeaders: { title: 'abort before upstream headers → upstream closed', limit: LIMITS.abort, run: abortWhenWaiting('noHeaders') },
  midStream: { title: 'abort in mid-stream → upstream closed', limit: LIMITS.abort, run: abortInMidStream },
  flood: { title: 'abort while paused by backpressure → upstream closed', limit: LIMITS.abort, run: abortWhenWaiting('flood') }
}
const targets = { direct: bed.upstream, proxy: await bed.start('proxy'), gateway: await bed.start('gateway') }
const results: Array<{ window: string, target: string, delays: number[] }> = []

for (const name of Object.keys(windows)) {
  for (const [target, child] of Object.entries(targets)) results.push({ window: name, target, delays: await repeat(() => windows[name]!.run(child)) })
}
if (flags.json) console.log(JSON.stringify({ ...about, runs, results }, null, 2))
else printTable()

async function repeat (run: () => Promise<number>): Promise<number[]> {
  const delays: number[] = []
  for (let index = -WARM_UP; index < runs; index++) {
    const delay = await run()
    if (index >= 0) delays.push(delay)
  }
  return delays
}

/** The upstream writes the time into the message's id; nothing but that one event can be there. */
async function firstEvent (target: Child): Promise<number> {
  const { req, res } = send(target, 'firstEvent')
  const [chunk] = await once(await res, 'data') as [Buffer]
  const received = sharedClock()
  const sent = Number(/"id":"msg_(\d+)"/.exec(chunk.toString('latin1'))?.[1])
  if (!(sent <= received)) throw new Error('the run is void: what came first is not the first event')
  await closing(req)
  return (received - sent) / 1_000
}

async function abortInMidStream (target: Child): Promise<number> {
  const { req, res } = send(target, 'midStream')
  const stream = await res
  let events = 0
  while (events++ < 3) await once(stream, 'data')
  return closing(req)
}

/** Aborts when the upstream says that it can do nothing but wait. The answer, if there is one, is not read. */
function abortWhenWaiting (behaviour: string) {
  return async (target: Child): Promise<number> => {
    const waiting = bed.upstream.nextReport('waiting')
    const { req } = send(target, behaviour)
    await waiting
    return closing(req)
  }
}

/** @returns the milliseconds from the client's leaving to the upstream's noticing */
async function closing (req: ReturnType<typeof request>): Promise<number> {
  const closed = bed.upstream.nextReport('closed')
  const left = sharedClock()
  req.destroy()
  return ((await closed).at! - left) / 1_000
}

function send (target: Child, behaviour: string) {
  const body = JSON.stringify({ model: 'claude-sonnet-5-5', max_tokens: 100, stream: true, messages: [{ role: 'user', content: 'say hi' }] })
  const req = request(`${target.origin}/v1/messages`, { method: 'POST', agent: false, headers: clientHeaders(target.token, behaviour) })
  const res = new Promise<IncomingMessage>((resolve) => req.on('response', resolve))
  // What is cut off on purpose fails; that is no news.
  req.on('error', () => {})
  res.then((response) => response.on('error', () => {}))
  req.end(body)
  return { req, res }
}

function printTable (): void {
  console.log(circumstancesText(about))
  console.log(`\nDelay in ms over ${runs} runs, one at a time\n`)
  console.log(table(['what', 'through', 'p50', 'p99', 'max', 'limit'], results.map(({ window, target, delays }) => {
    const { title, limit } = windows[window]!
    const most = Math.max(...delays)
    const verdict = target === 'gateway' ? `${limit} ${most <= limit ? 'kept' : 'missed'}` : ''
    return [title, target, figure(quantile(delays, 0.5), 2), figure(quantile(delays, 0.99), 2), figure(most, 2), verdict]
  })))
}
