import fc from 'fast-check'

/** A block of an answer, with the pieces in which its text, its thinking or its input comes. */
export interface Block { kind: 'text' | 'thinking' | 'tool_use', text: string, pieces: string[], id: string, name: string }

/** An answer of the Messages protocol, and how it arrives. */
export interface Answer {
  blocks: Block[]
  stopReason: 'end_turn' | 'stop_sequence' | 'max_tokens' | 'refusal' | 'tool_use'
  explanation: string
  usage: { input: number, written: number, read: number, output: number }
  /** Whose turn it is to send its next piece, when several blocks are open at once; taken modulo the open blocks. */
  turns: number[]
  /** Where the bytes are cut, as parts of a thousand. */
  cuts: number[]
  /** Whether the JSON is written as the API writes it, or with blanks in it. */
  spaced: boolean
}

/** Texts with everything that has to be escaped, or is longer than a byte; no lone surrogates, which UTF-8 cannot carry. */
const text = fc.string({ unit: fc.oneof(fc.constantFrom('"', '\\', '\n', '\u2028', '\u0000', '/', '}', '👋', 'é', '世'), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })), maxLength: 24 })
const json = fc.json({ maxDepth: 2 }).map((value) => `{"value":${value}}`)

const block: fc.Arbitrary<Block> = fc.record({
  kind: fc.constantFrom('text' as const, 'thinking' as const, 'tool_use' as const), said: text, input: fc.oneof(json, fc.constant('')), parts: fc.array(fc.nat(30), { maxLength: 4 })
}).map(({ kind, said, input, parts }) => {
  const whole = kind === 'tool_use' ? input : said
  return { kind, text: whole, pieces: split(whole, parts), id: '', name: '' }
})

export const answers: fc.Arbitrary<Answer> = fc.record({
  blocks: fc.array(block, { maxLength: 5 }).map((blocks) => blocks.map((made, index) => ({ ...made, id: `toolu_${index}`, name: `tool_${index}` }))),
  stopReason: fc.constantFrom('end_turn' as const, 'stop_sequence' as const, 'max_tokens' as const, 'refusal' as const, 'tool_use' as const),
  explanation: fc.string({ minLength: 1, maxLength: 10 }),
  usage: fc.record({ input: fc.nat(1000), written: fc.nat(1000), read: fc.nat(1000), output: fc.nat(1000) }),
  turns: fc.array(fc.nat(4), { maxLength: 30 }),
  cuts: fc.array(fc.nat(1000), { maxLength: 6 }),
  spaced: fc.boolean()
})

/** Cut anywhere, also between the halves of a surrogate pair, as the escapes of JSON allow. */
function split (whole: string, parts: number[]): string[] {
  const places = [...new Set(parts.map((place) => Math.min(place, whole.length)))].toSorted((one, other) => one - other)
  return ['', ...[0, ...places].map((place, index) => whole.slice(place, places[index] ?? whole.length))]
}

/** The answer's bytes, in the chunks in which they arrive. */
export function bytesOf ({ blocks, stopReason, explanation, usage, turns, cuts, spaced }: Answer): Buffer[] {
  const { input, written, read, output } = usage
  const events: object[] = [{
    type: 'message_start',
    message: { id: 'msg_1', type: 'message', role: 'assistant', content: [], usage: { input_tokens: input, cache_creation_input_tokens: written, cache_read_input_tokens: read, output_tokens: 1 } }
  }]
  // Overlapping blocks begin one after the other; then whoever's turn it is sends a piece.
  const open = blocks.map(({ kind, pieces, id, name }, index) => {
    const start = { text: { type: kind, text: '' }, thinking: { type: kind, thinking: '', signature: '' }, tool_use: { type: kind, id, name, input: {} } }[kind]
    events.push({ type: 'content_block_start', index, content_block: start }, { type: 'ping' })
    return { kind, index, left: [...pieces] }
  })
  for (let round = 0; open.length > 0; round++) {
    const turn = (turns[round % Math.max(1, turns.length)] ?? 0) % open.length
    // Of texts that overlap, which no model writes, a protocol with one text could not keep the order.
    const place = open[turn]!.kind === 'tool_use' ? turn : open.findIndex(({ kind }) => kind === open[turn]!.kind)
    const { kind, index, left } = open[place]!
    const piece = left.shift()
    if (piece === undefined) {
      if (kind === 'thinking') events.push({ type: 'content_block_delta', index, delta: { type: 'signature_delta', signature: 'c2ln' } })
      events.push({ type: 'content_block_stop', index })
      open.splice(place, 1)
      continue
    }
    const delta = { text: { type: 'text_delta', text: piece }, thinking: { type: 'thinking_delta', thinking: piece }, tool_use: { type: 'input_json_delta', partial_json: piece } }[kind]
    events.push({ type: 'content_block_delta', index, delta })
  }
  const details = stopReason === 'refusal' ? { type: 'refusal', explanation } : null
  events.push({ type: 'message_delta', delta: { stop_reason: stopReason, stop_details: details }, usage: { output_tokens: output } }, { type: 'message_stop' })
  const lines = events.map((event) => `event: ${(event as { type: string }).type}\ndata: ${spaced ? JSON.stringify(event).replace(/^\{/, '{ ') : JSON.stringify(event)}\n\n`)
  return chunks(Buffer.from(lines.join('')), cuts)
}

function chunks (bytes: Buffer, cuts: number[]): Buffer[] {
  const places = cuts.map((cut) => Math.floor(bytes.length * cut / 1_000)).toSorted((one, other) => one - other)
  return [0, ...places].map((place, index) => bytes.subarray(place, places[index] ?? bytes.length))
}
