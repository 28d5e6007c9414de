/** Native requests, beside a bare proxy and beside the upstream itself: what the gateway is for. */
import { buildCases, type Case, type CaseName } from '../cases.ts'
import { makeBed, type Bed, type Child } from '../children.ts'
import { requestTo } from '../client.ts'
import { compare, type Contender, type Plan } from '../compare.ts'
import { compareData, compareText } from '../compare-tables.ts'
import type { Section } from '../report.ts'
import type { SuiteOptions } from '../flags.ts'

/** Requests per second of the calm load, by case. */
export const RATES: Record<CaseName, number> = { small: 400, stream: 200, burst: 200, large: 100, huge: 10 }

/** Makes the scenario of one case. */
export function native (name: CaseName) {
  return async (options: SuiteOptions): Promise<Section> => {
    await using bed = await makeBed('upstream')
    const { title, plan } = await nativePlan(bed, name, options)
    // The servers end when this block does.
    return await compared(title, plan, eventsOf(name, bed.nonce))
  }
}

/** Upstream, bare proxy and gateway, each to be sent the same. `ca` is the upstream's certificate where it has one. */
export async function nativePlan (bed: Bed, name: CaseName, { rounds }: SuiteOptions, ca?: string): Promise<{ title: string, plan: Plan }> {
  const work = buildCases(bed.nonce)[name]
  const children = { direct: bed.upstream, proxy: await bed.start('proxy'), gateway: await bed.start('gateway') }
  const contenders = Object.entries(children).map(([who, child]) => contender(who, child, name, work, bed.nonce))
  if (ca !== undefined) contenders[0]!.request.ca = ca
  // autocannon would not verify the certificate.
  const json = work.answer.writes.length === 1 && ca === undefined
  return { title: work.title, plan: { contenders, rounds, requests: work.requests, json, rate: RATES[name] } }
}

export function contender (who: string, child: Child, name: string, { body, answer }: Pick<Case, 'body' | 'answer'>, nonce: string): Contender {
  return { name: who, request: requestTo(child, name, { body, length: answer.length, nonce }), usage: child.usage, loop: child }
}

/** Compares, and tells it in the price of the bare proxy. */
export async function compared (title: string, plan: Plan, events?: number): Promise<Section> {
  const options = { unit: 'proxy', base: 'direct', events }
  const measured = await compare(plan)
  return { title, text: compareText(measured, plan, options), data: compareData(measured, options) }
}

/** How many events an answer of a case has; none where it is JSON. */
export function eventsOf (name: CaseName, nonce: string): number | undefined {
  const { length } = buildCases(nonce)[name].answer.writes
  return length === 1 ? undefined : length
}
