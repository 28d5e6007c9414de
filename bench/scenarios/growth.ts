/** What a request costs as it grows: a proxy's work must grow with the bytes, not faster. */
import { buildCases, largeRequest } from '../cases.ts'
import { makeBed } from '../children.ts'
import { compare } from '../compare.ts'
import type { SuiteOptions } from '../flags.ts'
import { figure, rounds, short, table, type Section } from '../report.ts'
import { median } from '../statistics.ts'
import { contender } from './native.ts'

const KB = 1_024
const SIZES = [30 * KB, 150 * KB, 1_024 * KB, 3_072 * KB, 10_240 * KB]
/** Sent in one round of each size, in bytes. */
const BYTES = 24 * KB * KB

export async function growth (options: SuiteOptions): Promise<Section> {
  await using bed = await makeBed('upstream')
  const { answer } = buildCases(bed.nonce).small
  const children = { proxy: await bed.start('proxy'), gateway: await bed.start('gateway') }
  const rows: string[][] = []
  const data: Record<string, Record<string, number[]>> = {}
  for (const size of SIZES) {
    const body = largeRequest(size, false)
    const contenders = Object.entries(children).map(([who, child]) => contender(who, child, 'small', { body, answer }, bed.nonce))
    const measured = await compare({ contenders, rounds: Math.ceil(options.rounds / 2), requests: requestsOf(size), json: true })
    const [proxy, gateway] = measured.map(({ cpu }) => cpu) as [number[], number[]]
    rows.push([`${figure(size / KB)} KB`, rounds(proxy), rounds(gateway), short(median(gateway) / median(proxy)), short(median(gateway) / (size / KB))])
    data[size] = { proxy, gateway }
  }
  const head = ['request', 'proxy: CPU µs', 'gateway: CPU µs', 'gateway ÷ proxy', 'gateway: µs per KB']
  return { title: 'Growth of the request, small JSON answer', text: table(head, rows), data }
}

function requestsOf (size: number): number {
  return Math.min(400, Math.max(4, Math.round(BYTES / size)))
}
