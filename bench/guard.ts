/**
 * `npm run bench:guard`: a short look at whether the gateway has become dearer beside the bare proxy than it was when `guard.json` was recorded.
 * `--record` writes that file anew. The last line is `N passed, N failed`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { makeBed } from './children.ts'
import { compare } from './compare.ts'
import { judge, type Recorded } from './judge.ts'
import { PACED_CASE } from './pace.ts'
import { circumstances } from './report.ts'
import { nativePlan } from './scenarios/native.ts'
import { measurePaced } from './scenarios/paced.ts'
import { makeStreams } from './streams.ts'
import { ratioOf, rotated, type Ratio } from './statistics.ts'

const FILE = join(import.meta.dirname, 'guard.json')
const ROUNDS = 10
/** A case that fails is measured once more: on a machine with two cores a neighbour can spoil a whole minute. */
const TRIES = 2

const STREAMS = 500
const PACED_ROUNDS = 4
const SETTLE = 1_000
const MEASURE = 3_000

const CASES: Record<string, () => Promise<Ratio>> = {
  small: () => ofRequests('small'),
  stream: () => ofRequests('stream'),
  large: () => ofRequests('large'),
  paced: ofPaced
}

const { values: flags } = parseArgs({ options: { record: { type: 'boolean', default: false } } })
if (flags.record) await record()
else await guard()

async function guard (): Promise<void> {
  const { ratios } = JSON.parse(readFileSync(FILE, 'utf8')) as Recorded
  let failed = 0
  for (const [name, measure] of Object.entries(CASES)) {
    const ok = await passes(name, measure, ratios)
    if (!ok) failed++
  }
  console.log(`${Object.keys(CASES).length - failed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
}

async function passes (name: string, measure: () => Promise<Ratio>, recorded: Recorded['ratios']): Promise<boolean> {
  for (let turn = 1; turn <= TRIES; turn++) {
    const { ok, text } = await measure().then((ratio) => judge(name, ratio, recorded), (error: Error) => ({ ok: false, text: `${name}: ${error.message}` }))
    console.log(`${ok ? 'ok' : turn < TRIES ? 'once more' : 'not ok'} - ${text}`)
    if (ok) return true
  }
  return false
}

async function record (): Promise<void> {
  const { command, date, machine, node } = circumstances('bench:guard')
  const ratios: Recorded['ratios'] = {}
  for (const [name, measure] of Object.entries(CASES)) {
    const { ofMedians, ofLeast } = await measure()
    ratios[name] = { ofMedians: Number(ofMedians.toFixed(3)), ofLeast: Number(ofLeast.toFixed(3)) }
    console.log(`${name}: ${ofMedians.toFixed(2)}, of the least ${ofLeast.toFixed(2)}`)
  }
  writeFileSync(FILE, `${JSON.stringify({ command, date, machine, node, ratios } satisfies Recorded, null, 2)}\n`)
}

async function ofRequests (name: 'small' | 'stream' | 'large'): Promise<Ratio> {
  await using bed = await makeBed('upstream')
  const { plan } = await nativePlan(bed, name, { quick: true, rounds: ROUNDS, soak: 0 })
  const contenders = plan.contenders.filter((one) => one.name !== 'direct')
  const [proxy, gateway] = await compare({ ...plan, contenders, rate: undefined })
  return ratioOf(gateway!.cpu, proxy!.cpu)
}

async function ofPaced (): Promise<Ratio> {
  await using bed = await makeBed('paced-upstream', { connections: STREAMS })
  const targets = { proxy: await bed.start('proxy'), gateway: await bed.start('gateway') }
  const costs: Record<'proxy' | 'gateway', number[]> = { proxy: [], gateway: [] }
  // The first round is there to warm the processes.
  for (let round = -1; round < PACED_ROUNDS; round++) {
    for (const name of rotated(['proxy', 'gateway'] as const, round + 1)) {
      await using streams = makeStreams(targets[name], STREAMS, PACED_CASE)
      await streams.open(STREAMS)
      await sleep(SETTLE)
      const { cpuPerEvent } = await measurePaced(targets[name], streams, MEASURE)
      if (round >= 0) costs[name].push(cpuPerEvent)
    }
  }
  return ratioOf(costs.gateway, costs.proxy)
}
