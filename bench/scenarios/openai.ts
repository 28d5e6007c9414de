/**
 * What translating costs: the gateway's processor time for the same answer, told in Anthropic's protocol, which passes through, and in
 * OpenAI's two. See README.md beside this folder for how to read it.
 */
import { buildCases, buildStreams, MODEL, type StreamName } from '../cases.ts'
import { makeBed, type Child } from '../children.ts'
import { learnLength, requestTo } from '../client.ts'
import { compare, type Contender, type Plan } from '../compare.ts'
import { compareData, compareText } from '../compare-tables.ts'
import type { SuiteOptions } from '../flags.ts'
import type { Section } from '../report.ts'
import { joined } from './joined.ts'

const PATHS = { native: '/v1/messages', chat: '/v1/chat/completions', responses: '/v1/responses' } as const
type Protocol = keyof typeof PROTOCOL_ENDS

/** What a whole stream ends with. */
const PROTOCOL_ENDS = { native: '{"type":"message_stop"}\n\n', chat: 'data: [DONE]\n\n', responses: '}\n\n' }

interface Told {
  title: string
  /** The case of the upstream: always a stream, which is what the gateway asks for on behalf of OpenAI's protocols. */
  name: StreamName | 'stream'
  /** Whether the answer is one piece of JSON in those protocols. */
  gathered?: boolean
  requests: number
  events: number
  /** Latency is measured at this many requests per second. */
  rate?: number
}

export async function openai (options: SuiteOptions): Promise<Section> {
  await using bed = await makeBed('upstream')
  const gateway = await bed.start('gateway')
  const sections: Section[] = []
  for (const told of toldOf(bed.nonce, options)) {
    const contenders = await Promise.all((Object.keys(PATHS) as Protocol[]).map((protocol) => contenderOf(gateway, protocol, told, bed.nonce)))
    const plan: Plan = { contenders, rounds: options.rounds, requests: told.requests, rate: told.rate }
    const tables = { unit: 'native', base: 'native', events: told.events }
    const measured = await compare(plan)
    sections.push({ title: told.title, text: compareText(measured, plan, tables), data: compareData(measured, tables) })
  }
  return joined('Told in OpenAI\'s protocols', sections)
}

function toldOf (nonce: string, { quick }: SuiteOptions): Told[] {
  const { stream } = buildCases(nonce)
  const short = stream.answer.writes.length
  const streams = Object.entries(buildStreams(nonce)) as Array<[StreamName, ReturnType<typeof buildStreams>[StreamName]]>
  const events = streams[0]![1].answer.writes.length
  return [
    { title: stream.title, name: 'stream', requests: 150, events: short, rate: 100 },
    { title: `${short} events, gathered to one JSON answer (native: passed on)`, name: 'stream', gathered: true, requests: 150, events: short, rate: 100 },
    // Alone is how a model writes; the others show what is left without the sockets.
    ...streams.filter(([name]) => !quick || name === 'apart').map(([name, { title, requests }]) => ({ title, name, requests, events }))
  ]
}

async function contenderOf (gateway: Child, protocol: Protocol, { name, gathered = false }: Told, nonce: string): Promise<Contender> {
  const stream = protocol === 'native' || !gathered
  const request = requestTo(gateway, name, { path: PATHS[protocol], body: bodyOf(protocol, stream), length: 0, nonce })
  request.expected.length = await learnLength(request, stream ? PROTOCOL_ENDS[protocol] : '}')
  return { name: protocol, request, usage: gateway.usage, loop: gateway }
}

function bodyOf (protocol: Protocol, stream: boolean): Buffer {
  const messages = [{ role: 'user', content: 'say hi' }]
  const bodies = { native: { model: MODEL, max_tokens: 1_024, stream, messages }, chat: { model: MODEL, stream, messages }, responses: { model: MODEL, stream, input: 'say hi' } }
  return Buffer.from(JSON.stringify(bodies[protocol]))
}
