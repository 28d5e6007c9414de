import type { Answer, InputUsage, Part } from './types.ts'

/** One server-sent event; its name is the `type` of its data. */
export function event (data: { type: string, [field: string]: unknown }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}

/** The answer as the events of a stream. They are made as they are taken, so a long answer is never held as a whole. */
export function * eventsOf (answer: Answer): Generator<string> {
  const opening = { ...shell(answer), content: [], stop_reason: null, stop_sequence: null, stop_details: null }
  yield event({ type: 'message_start', message: { ...opening, usage: { ...answer.usage, output_tokens: 1, service_tier: 'standard' } } })
  for (const [index, part] of answer.parts.entries()) {
    yield event({ type: 'content_block_start', index, content_block: startOf(part) })
    if (index === 0) yield event({ type: 'ping' })
    for (const delta of deltasOf(part)) yield event({ type: 'content_block_delta', index, delta })
    yield event({ type: 'content_block_stop', index })
  }
  const delta = { stop_reason: answer.stopReason, stop_sequence: answer.stopSequence, stop_details: null }
  yield event({ type: 'message_delta', delta, usage: closingUsage(answer) })
  yield event({ type: 'message_stop' })
}

/** The answer as the one object of a call without `stream`. */
export function messageOf (answer: Answer): object {
  return {
    ...shell(answer),
    content: answer.parts.map(contentOf),
    stop_reason: answer.stopReason,
    stop_sequence: answer.stopSequence,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: { ...answer.usage, ...outputUsage(answer), service_tier: 'standard' }
  }
}

const shell = ({ id, model }: Answer) => ({ id, type: 'message', role: 'assistant', model })

function startOf (part: Part): object {
  switch (part.type) {
    case 'thinking': return { type: 'thinking', thinking: '', signature: '' }
    case 'text': return { type: 'text', text: '' }
    case 'tool_use': return { type: 'tool_use', id: part.id, name: part.name, input: {} }
  }
}

function * deltasOf (part: Part): Generator<object> {
  for (const piece of part.pieces) {
    switch (part.type) {
      case 'thinking':
        yield { type: 'thinking_delta', thinking: piece }
        break
      case 'text':
        yield { type: 'text_delta', text: piece }
        break
      case 'tool_use':
        yield { type: 'input_json_delta', partial_json: piece }
    }
  }
  if (part.type === 'thinking') yield { type: 'signature_delta', signature: part.signature }
}

function contentOf (part: Part): object {
  switch (part.type) {
    case 'thinking': return { type: 'thinking', thinking: part.pieces.join(''), signature: part.signature }
    case 'text': return { type: 'text', text: part.pieces.join('') }
    case 'tool_use': return { type: 'tool_use', id: part.id, name: part.name, input: part.input }
  }
}

/** The figures of `message_delta`: cumulative, and they supersede those of `message_start`. */
function closingUsage (answer: Answer): Omit<InputUsage, 'cache_creation'> {
  const { cache_creation: _, ...input } = answer.usage
  return { ...input, ...outputUsage(answer) }
}

function outputUsage ({ parts }: Answer) {
  const thinking = sum(parts.filter(({ type }) => type === 'thinking'))
  return {
    output_tokens: sum(parts),
    output_tokens_details: thinking === 0 ? null : { thinking_tokens: thinking },
    server_tool_use: null
  }
}

const sum = (parts: Part[]): number => parts.reduce((total, { tokens }) => total + tokens, 0)
