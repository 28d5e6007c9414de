/**
 * `npm run bench:peers`: the gateway beside nginx, a bare Node proxy and other gateways, all in one run, in turns. Writes `latest.md`, `.json` and
 * `.svg` into `results/`, or into the folder named by `--out`. `--quick` takes a third of the time and tells a third as much.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { CaseName } from './cases.ts'
import { BARE, FOUNDATION, OURS } from './peers/field.ts'
import { installPeers } from './peers/install.ts'
import { page, picture } from './peers/page.ts'
import { PEERS } from './peers/peers.ts'
import { fieldRequests } from './peers/requests.ts'
import { forProgram, type Results } from './peers/results.ts'
import { fieldStreams } from './peers/streams.ts'
import { circumstances } from './report.ts'
import { SCENARIOS } from './scenarios/index.ts'

const HERE = import.meta.dirname
const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string', default: join(HERE, 'results') } }
})
/** Measured rounds of each scenario, and what of the gateway alone is measured as well. */
const ROUNDS: Partial<Record<CaseName, number>> = flags.quick
  ? { small: 4, stream: 4, large: 4 }
  : { small: 10, stream: 10, large: 10, huge: 4 }
const STREAMS = flags.quick ? { streams: 1_000, most: 2_000, rounds: 1 } : { streams: 3_000, most: 4_000, rounds: 2 }
const OWN = { names: ['growth', 'openai', 'start'], options: { quick: flags.quick, rounds: flags.quick ? 3 : 6, soak: 0 } }

installPeers()
const start = performance.now()
const about = circumstances('bench:peers')
const none = { streams: 0, most: 0, samples: {}, absent: {} }
const results: Results = { about, versions: versions(), settings: settings(), requests: {}, streams: none, own: {} }
for (const [name, rounds] of Object.entries(ROUNDS)) {
  progress(name)
  results.requests[name as CaseName] = await fieldRequests(name as CaseName, rounds)
}
progress('paced streams')
results.streams = await fieldStreams(STREAMS.streams, STREAMS.most, STREAMS.rounds)
for (const name of OWN.names) {
  progress(name)
  results.own[name] = await SCENARIOS[name]!(OWN.options)
}
write()

function versions (): Record<string, string> {
  const own = (JSON.parse(readFileSync(join(HERE, '..', 'package.json'), 'utf8')) as { version: string }).version
  return { ...Object.fromEntries(PEERS.map((peer) => [peer.name, peer.version()])), [BARE]: `Node ${process.version}`, [FOUNDATION]: `Node ${process.version}`, [OURS]: own }
}

function settings (): Record<string, string> {
  return {
    ...Object.fromEntries(PEERS.map(({ name, setting }) => [name, setting])),
    [BARE]: '`bench/targets/proxy.ts`: node:http and undici, with backpressure and abort, and nothing else',
    [FOUNDATION]: '`bench/targets/foundation.ts`: what the gateway is built on, without what it does',
    [OURS]: 'as it is served, nothing switched off, three keys'
  }
}

function progress (name: string): void {
  console.error(`${((performance.now() - start) / 60_000).toFixed(1)} min: ${name} …`)
}

function write (): void {
  mkdirSync(flags.out, { recursive: true })
  writeFileSync(join(flags.out, 'latest.md'), page(results))
  writeFileSync(join(flags.out, 'latest.json'), `${JSON.stringify(forProgram(results), null, 2)}\n`)
  writeFileSync(join(flags.out, 'latest.svg'), picture(results))
  progress(`written to ${flags.out}`)
}
