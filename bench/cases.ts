/** What is sent and what is answered: fixed bytes, so that every run does the same work and a wrong length voids it. */

export type CaseName = 'small' | 'stream' | 'burst' | 'large' | 'huge'
export type StreamName = 'apart' | 'few' | 'together'

export interface Case {
  title: string
  body: Buffer
  answer: Answer
  /** Requests in one measured round: a few tenths of a second's worth, so that the targets that are compared take turns quickly. */
  requests: number
}

export interface Answer {
  type: string
  /** Each is one write of the upstream. */
  writes: Buffer[]
  /** Whether all writes are made at once, and so travel together; else each is made in a turn of the event loop of its own. */
  together: boolean
  /** The writes together, in bytes. */
  length: number
}

/** The header that tells the upstream which answer is wanted. Every gateway passes it on: it is part of the protocol. */
export const CASE_HEADER = 'anthropic-beta'

/** Where an upstream of a run finds its nonce. */
export const NONCE_VARIABLE = 'BENCH_NONCE'

export const MODEL = 'claude-sonnet-5-5'

/** Size of the large requests, in bytes: a coding agent's conversation some turns old, and one near the end of a long context. */
const LARGE = 150 * 1024
const HUGE = 3 * 1024 * 1024

/** One server-sent event in Anthropic's form. */
export function event (type: string, fields: object = {}): Buffer {
  return Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`)
}

export function textDelta (text: string): Buffer {
  return event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })
}

/** The opening of a stream: everything before the first text. */
export function streamStart (id = 'msg_made_up_0000000000000001'): Buffer[] {
  const usage = { input_tokens: 25, cache_creation_input_tokens: 7, cache_read_input_tokens: 100, output_tokens: 1 }
  const message = { id, type: 'message', role: 'assistant', model: MODEL, content: [], stop_reason: null, stop_sequence: null, usage }
  return [
    event('message_start', { message }),
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    event('ping')
  ]
}

/** The end of a stream: everything behind the last text. */
export function streamEnd (): Buffer[] {
  return [
    event('content_block_stop', { index: 0 }),
    event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 94 } }),
    event('message_stop')
  ]
}

/**
 * The cases of the cost table.
 * @param nonce stands in the words of each answer; always as long, so that lengths do not change
 */
export function buildCases (nonce: string): Record<CaseName, Case> {
  const stream = answer('text/event-stream; charset=utf-8', [...streamStart(), textDelta(nonce), ...deltas(46), ...streamEnd()])
  const body = smallRequest(true)
  return {
    small: { title: 'small request, small JSON answer', body: smallRequest(false), answer: smallAnswer(nonce), requests: 1_500 },
    stream: { title: `small request, ${stream.writes.length} events, each written alone`, body, answer: stream, requests: 300 },
    burst: { title: 'small request, the same events in one go', body, answer: { ...stream, together: true }, requests: 1_200 },
    large: { title: '150 KB request, events each written alone', body: largeRequest(LARGE), answer: stream, requests: 200 },
    huge: { title: '3 MB request, events each written alone', body: largeRequest(HUGE), answer: stream, requests: 16 }
  }
}

/** The streams with which translating is priced: long ones, so that what a request itself costs hardly counts. */
export function buildStreams (nonce: string): Record<StreamName, Omit<Case, 'body'>> {
  const events = [...streamStart(), textDelta(nonce), ...deltas(993), ...streamEnd()]
  const stream = answer('text/event-stream; charset=utf-8', events)
  const fives = Array.from({ length: events.length / 5 }, (_, index) => Buffer.concat(events.slice(index * 5, index * 5 + 5)))
  return {
    apart: { title: `${events.length} events, each written alone`, answer: stream, requests: 30 },
    few: { title: 'the same events, five at a time', answer: { ...stream, writes: fives }, requests: 60 },
    together: { title: 'the same events in one go', answer: { ...stream, together: true }, requests: 200 }
  }
}

function answer (type: string, writes: Buffer[]): Answer {
  return { type, writes, together: false, length: writes.reduce((sum, bytes) => sum + bytes.length, 0) }
}

function smallAnswer (nonce: string): Answer {
  return answer('application/json', [Buffer.from(JSON.stringify({
    id: 'msg_made_up_0000000000000002',
    type: 'message',
    role: 'assistant',
    model: MODEL,
    content: [{ type: 'text', text: `Hello! What shall we look at first, ${nonce}?` }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 12, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 11 }
  }))])
}

export function smallRequest (stream: boolean): Buffer {
  return Buffer.from(JSON.stringify({ model: MODEL, max_tokens: 1_024, stream, messages: [{ role: 'user', content: 'say hi' }] }))
}

function deltas (count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => textDelta(` word ${index}, and "quoted"\n`))
}

/** Source code in tool results, as an agent sends it: many escapes, which is what makes such a body dear to parse. `size` is in bytes. */
export function largeRequest (size: number, stream = true): Buffer {
  const source = 'export function add (a: number, b: number): number {\n\tif (a === 0) return b\n\treturn "sum".length + a + b\n}\n'
  const messages: object[] = [{ role: 'user', content: 'Please read these files.' }]
  const request = { model: MODEL, max_tokens: 32_000, stream, system: [{ type: 'text', text: 'You are a coding agent.' }], messages }
  const turn = JSON.stringify(toolTurn(0, source)).length
  for (let index = 0; index * turn < size; index++) messages.push(...toolTurn(index, source))
  return Buffer.from(JSON.stringify(request))
}

function toolTurn (index: number, source: string): object[] {
  const id = `toolu_made_up_${index}`
  return [
    { role: 'assistant', content: [{ type: 'tool_use', id, name: 'Read', input: { path: `src/file-${index}.ts` } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: source.repeat(40) }] }
  ]
}
