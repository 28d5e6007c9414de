/**
 * What translating costs: processor time of the gateway for each event of a stream, told in Anthropic's protocol, which passes through, and in
 * OpenAI's two. See README.md beside this file for how to read it.
 */
import { parseArgs } from 'node:util'
import type { Dispatcher } from 'undici'
import { buildStreams, type StreamName } from './cases.ts'
import { makeBed, type Child } from './children.ts'
import { clientHeaders, send } from './load.ts'
import { circumstances, circumstancesText, figure, median, table } from './report.ts'

const PROTOCOLS = ['native', 'chat', 'responses'] as const
type Protocol = typeof PROTOCOLS[number]

const CONNECTIONS = 16
const WARM_UP = 4
/** The budget: this much of the native answer's processor time. */
const BUDGET = 1.5
const MODEL = 'claude-sonnet-5-5'

const REQUESTS: Record<Protocol, { path: string, body: object, end: string }> = {
  native: { path: '/v1/messages', body: { model: MODEL, max_tokens: 1_024, stream: true, messages: [{ role: 'user', content: 'say hi' }] }, end: '{"type":"message_stop"}\n\n' },
  chat: { path: '/v1/chat/completions', body: { model: MODEL, stream: true, messages: [{ role: 'user', content: 'say hi' }] }, end: 'data: [DONE]\n\n' },
  responses: { path: '/v1/responses', body: { model: MODEL, stream: true, input: 'say hi' }, end: '}\n\n' }
}

const { values: flags } = parseArgs({ options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '12' } } })
const rounds = Number(flags.rounds)
const streams = buildStreams()
const names = Object.keys(streams) as StreamName[]
const events = streams.apart.answer.writes.length
/** Microseconds of processor time per event, one figure a round. */
const results = new Map<string, number[]>()
const about = circumstances('translated')

await using bed = await makeBed('upstream', 256)
const gateway = await bed.start('gateway')
for (const name of names) {
  for (const protocol of PROTOCOLS) await measure(gateway, name, protocol, WARM_UP)
}
results.clear()
for (let round = 0; round < rounds; round++) {
  for (const name of names) {
    // Whoever comes first must not always be the same: the machine drifts.
    for (let turn = 0; turn < PROTOCOLS.length; turn++) await measure(gateway, name, PROTOCOLS[(round + turn) % PROTOCOLS.length]!, 1)
  }
}
if (flags.json) console.log(JSON.stringify({ ...about, rounds, cpuPerEvent: Object.fromEntries(results) }, null, 2))
else print()

async function measure (gateway: Child, name: StreamName, protocol: Protocol, times: number): Promise<void> {
  const { path, body, end } = REQUESTS[protocol]
  const request: Dispatcher.DispatchOptions = { path, method: 'POST', headers: clientHeaders(gateway.token, name), body: JSON.stringify(body) }
  const length = await lengthOf(gateway, request, end)
  const requests = streams[name].requests * times
  const before = await gateway.usage()
  await send(gateway.origin, request, length, { connections: CONNECTIONS, requests })
  const after = await gateway.usage()
  const key = keyOf(name, protocol)
  results.set(key, [...results.get(key) ?? [], (after.cpu - before.cpu) / requests / events])
}

/** The length of an answer that came to its end: the ids and the time in it have always as many digits. */
async function lengthOf ({ origin }: Child, { path, headers, body }: Dispatcher.DispatchOptions, end: string): Promise<number> {
  const response = await fetch(origin + path, { method: 'POST', headers: headers as Record<string, string>, body: body as string })
  const text = await response.text()
  if (response.status !== 200 || !text.endsWith(end)) throw new Error(`the run is void: ${path} answered ${response.status}: ${text.slice(-200)}`)
  return Buffer.byteLength(text)
}

function keyOf (name: StreamName, protocol: Protocol): string {
  return `${name}, ${protocol}`
}

function print (): void {
  console.log(circumstancesText(about))
  console.log(`\nProcessor time per event in µs, user and system: median of ${rounds} rounds (least–most), ${CONNECTIONS} connections\n`)
  console.log(table(['stream', 'native', 'Chat', 'Chat ÷ native', 'Responses', 'Responses ÷ native', 'budget'], names.map(row)))
}

function row (name: StreamName): string[] {
  const [native, chat, responses] = PROTOCOLS.map((protocol) => results.get(keyOf(name, protocol))!) as [number[], number[], number[]]
  const most = Math.max(median(chat), median(responses)) / median(native)
  const judged = name === 'apart' ? `${BUDGET} ${most <= BUDGET ? 'kept' : 'missed'}` : ''
  return [streams[name].title, costs(native), costs(chat), ratio(chat, native), costs(responses), ratio(responses, native), judged]
}

function costs (values: number[]): string {
  return `${figure(median(values), 2)} (${figure(Math.min(...values), 2)}–${figure(Math.max(...values), 2)})`
}

function ratio (values: number[], base: number[]): string {
  return `**${figure(median(values) / median(base), 2)}**`
}
