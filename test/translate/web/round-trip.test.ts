import { deepStrictEqual, equal } from 'node:assert/strict'
import t from 'tap'
import fc from 'fast-check'
import { accumulate } from './helpers/accumulate.ts'
import { event, read, START } from './helpers/web-streams.ts'

interface Written { type: string, pieces: string[] }

const FIELDS: Record<string, string> = { text: 'text', thinking: 'thinking', tool_use: 'partial_json', tool_result: 'partial_json', new_block: 'text' }
const piece = fc.string({ unit: 'binary', maxLength: 8 })
const block = fc.record({ type: fc.constantFrom('text', 'text', 'thinking', 'tool_use', 'tool_result', 'new_block'), pieces: fc.array(piece, { maxLength: 5 }) })
const noise = fc.constantFrom('', event('ping'), event('message_limit', { message_limit: { type: 'within_limit' } }), ': x\n\n', event('tool_approval', { status: 'x' }))
const reason = fc.constantFrom('end_turn', 'max_tokens', 'refusal', 'pause_turn')
const answer = fc.record({
  blocks: fc.array(block, { maxLength: 6 }),
  noises: fc.array(noise, { minLength: 1, maxLength: 5 }),
  order: fc.infiniteStream(fc.nat()),
  reason,
  size: fc.integer({ min: 1, max: 400 })
})

/** The events of all blocks, begun in their order: each block's own one after the other, those of different blocks mixed as the numbers say. */
function mixed (blocks: Written[], noises: string[], order: Iterator<number>): string {
  const queues = blocks.map(({ type, pieces }, index) => [
    event('content_block_start', { index, content_block: { type, text: '', thinking: '', flags: null } }),
    ...pieces.map((text) => event('content_block_delta', { index, delta: { type: deltaType(type), [FIELDS[type]!]: text } })),
    event('content_block_stop', { index })
  ])
  const begun = queues.map((queue) => queue.shift()!)
  let told = begun.join('')
  for (let rest = queues.filter((queue) => queue.length > 0); rest.length > 0; rest = rest.filter((queue) => queue.length > 0)) {
    const number = order.next().value as number
    told += rest[number % rest.length]!.shift()! + noises[number % noises.length]!
  }
  return told
}

function deltaType (type: string): string {
  return FIELDS[type] === 'partial_json' ? 'input_json_delta' : type === 'thinking' ? 'thinking_delta' : 'text_delta'
}

t.test('whatever blocks come in whatever order, a client reads back what was said', async () => {
  fc.assert(fc.property(answer, ({ blocks, noises, order, reason, size }) => {
    const end = event('message_delta', { delta: { stop_reason: reason } }) + event('message_stop')
    const bytes = Buffer.from(START + mixed(blocks, noises, order) + end)
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
    const { answer, told } = read(pieces)
    const { message } = accumulate(told)
    const expected = blocks.filter(({ type }) => type === 'text' || type === 'thinking')
    deepStrictEqual(message.content.map((block) => block.text ?? block.thinking), expected.map(({ pieces }) => pieces.join('')))
    deepStrictEqual(message.content.map(({ type }) => type), expected.map(({ type }) => type))
    equal(message.stop_reason, reason)
    equal(answer.text, expected.map(({ type, pieces }) => type === 'text' ? pieces.join('') : '').join(''))
    equal(message.usage['output_tokens'], answer.outputTokens)
    deepStrictEqual(JSON.parse(read(pieces, { stream: false }).told).content, message.content)
  }), { numRuns: 300 })
})
