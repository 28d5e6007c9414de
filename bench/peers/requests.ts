import { buildCases, type CaseName } from '../cases.ts'
import { learnLength } from '../client.ts'
import { compare, type Contender, type Measured, type Plan } from '../compare.ts'
import { load, VoidRun } from '../load.ts'
import { RATES } from '../scenarios/native.ts'
import { DIRECT, FIELD, reasonOf, requestOf, withField, type Absent, type Competitor } from './field.ts'

/** Requests, and connections, that tell roughly how slow one is while it is new. */
const TRIAL = 16
/** Time for telling it better when it is warm, in seconds. */
const TRIAL_TIME = 1

/** What a scenario of requests found. */
export interface RequestResult {
  title: string
  rounds: number
  rate: number
  measured: Measured[]
  absent: Absent
}

/** Sends the same to the whole field in turns: A B C A B C. Whoever answers anything else is taken out, and the table says so. */
export async function fieldRequests (name: CaseName, rounds: number): Promise<RequestResult> {
  const absent: Absent = {}
  return withField([DIRECT, ...FIELD], absent, async (field, bed) => {
    const { title, body, answer, requests } = buildCases(bed.nonce)[name]
    const json = answer.writes.length === 1
    const contenders: Contender[] = []
    for (const one of field) {
      const admitted = await admit(one, { name, body, nonce: bed.nonce, json, requests }).catch((error) => { absent[one.name] = reasonOf(error) })
      if (admitted !== undefined) contenders.push(admitted)
    }
    const plan: Plan = { contenders, rounds, requests, json, rate: RATES[name] }
    return { title, rounds, rate: RATES[name], measured: await compareWhoCan(plan, absent), absent }
  })
}

interface Question {
  name: CaseName
  body: Buffer
  nonce: string
  json: boolean
  requests: number
}

/** @throws VoidRun when its answer is not the upstream's */
async function admit (one: Competitor, { name, body, nonce, json, requests }: Question): Promise<Contender> {
  const request = requestOf(one, name, body, nonce)
  request.expected.length = await learnLength(request, json ? '}' : '{"type":"message_stop"}\n\n')
  const cold = await load(request, { connections: TRIAL, requests: TRIAL })
  const warm = await load(request, { connections: TRIAL, requests: Math.max(2, Math.min(requests, Math.floor(TRIAL_TIME * TRIAL / cold.seconds))) })
  return { name: one.name, request, usage: one.usage, capacity: warm.requests / warm.seconds }
}

/** Compares; whoever fails on the way is taken out, and the others begin anew. */
async function compareWhoCan (plan: Plan, absent: Absent): Promise<Measured[]> {
  for (;;) {
    try {
      return await compare(plan)
    } catch (error) {
      if (!(error instanceof VoidRun) || error.who === '') throw error
      absent[error.who] = reasonOf(error)
      plan = { ...plan, contenders: plan.contenders.filter(({ name }) => name !== error.who) }
    }
  }
}
