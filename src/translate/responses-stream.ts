import type { Call, Ending } from './answer-events.ts'
import { ByteWriter } from './byte-writer.ts'
import { refusalOf } from './chat-finish.ts'
import type { OpenaiError } from './openai-errors.ts'
import { ResponseItem, refusalItem, type ItemKind, type ItemStatus } from './response-items.ts'
import { answerId, endedState, failureOf, responseJson, type ResponseState } from './response-object.ts'
import type { ResponsesContext } from './responses-context.ts'
import type { OpenaiWriter } from './translator.ts'

/** What stands before and behind a literal in a delta event; the sequence number follows. */
interface Frame { head: Buffer, tail: Buffer }

interface Running { item: ResponseItem, frame: Frame | null }

const DELTAS: Record<ItemKind, string> = {
  message: 'response.output_text',
  reasoning: 'response.reasoning_summary_text',
  function_call: 'response.function_call_arguments',
  custom_tool_call: 'response.custom_tool_call_input'
}

/**
 * Writes an answer as the events of a streamed response. Source: `ResponseStreamEvent` of `openai` 7.57; the order is one that Codex 0.169,
 * the SDK's stream helper and the AI SDK 7 accept.
 */
export class ResponsesStream implements OpenaiWriter {
  readonly out = new ByteWriter()
  readonly #context: ResponsesContext
  readonly #created: number
  readonly #running = new Map<number, Running>()
  readonly #output: object[] = []
  /** The item that ended last: whether it is whole is known when the next begins, or the answer ends. */
  #ended: ResponseItem | null = null
  #answer = ''
  #sequence = 0

  /** @param created epoch seconds */
  constructor (context: ResponsesContext, created: number) {
    this.#context = context
    this.#created = created
  }

  begin (id: string): void {
    this.#answer = answerId(id)
    this.#response('response.created', { status: 'in_progress', output: [] })
    this.#response('response.in_progress', { status: 'in_progress', output: [] })
  }

  textStart (block: number): void {
    const item = this.#start('message', block)
    this.#event('response.content_part.added', { ...at(item), content_index: 0, part: item.part('') })
  }

  textPiece (block: number, bytes: Buffer, start: number, end: number): void {
    this.#piece(block, bytes, start, end)
  }

  textStop (block: number): void {
    this.#stop(block)
  }

  thinkingStart (block: number): void {
    this.#start('reasoning', block)
  }

  thinkingPiece (block: number, bytes: Buffer, start: number, end: number): void {
    const item = this.#running.get(block)?.item
    if (item?.literal.length === 0) this.#event('response.reasoning_summary_part.added', { ...at(item), summary_index: 0, part: item.part('') })
    this.#piece(block, bytes, start, end)
  }

  thinkingStop (block: number, signature: string): void {
    this.#running.get(block)?.item.keepThought(signature)
    this.#stop(block)
  }

  redacted (block: number, data: string): void {
    this.#start('reasoning', block).keepRedacted(data)
    this.#stop(block)
  }

  callStart (block: number, call: Call): void {
    this.#start(call.custom ? 'custom_tool_call' : 'function_call', block, call)
  }

  callPiece (block: number, _call: Call, bytes: Buffer, start: number, end: number): void {
    this.#piece(block, bytes, start, end)
  }

  callStop (block: number): void {
    this.#stop(block)
  }

  end (ending: Ending): void {
    const state = endedState(ending, this.#output)
    this.#settle(state.reason === 'max_output_tokens' ? 'incomplete' : 'completed')
    const refusal = refusalOf(ending)
    if (refusal !== null) this.#refuse(refusal)
    this.#response(`response.${state.status}`, state)
  }

  failure (error: OpenaiError): string {
    try {
      this.#settle('incomplete')
    } catch {
      // The item whose text could not be read may be what failed; it is left out.
    }
    // Where blocks overlap, there are holes in the places of those that still run.
    const output = this.#output.filter(() => true)
    this.#response('response.failed', { status: 'failed', output, error: failureOf(error) })
    return this.out.take().toString()
  }

  #start (kind: ItemKind, block: number, call?: Call): ResponseItem {
    this.#settle('completed')
    const item = new ResponseItem(kind, this.#answer, block, this.#context, call)
    this.#running.set(block, { item, frame: null })
    this.#event('response.output_item.added', { output_index: block, item: item.begun() })
    return item
  }

  #piece (block: number, bytes: Buffer, start: number, end: number): void {
    const running = this.#running.get(block)
    if (running === undefined) return
    const { head, tail } = running.frame ??= frameOf(running.item)
    this.out.bytes(head)
    this.out.copy(bytes, start, end)
    this.out.bytes(tail)
    this.out.text(`${this.#sequence++}}\n\n`)
    running.item.literal.copy(bytes, start, end)
  }

  #stop (block: number): void {
    const item = this.#running.get(block)?.item
    if (item === undefined) return
    this.#running.delete(block)
    this.#settle('completed')
    this.#ended = item
  }

  /** Tells the end of the item that ended last. */
  #settle (status: ItemStatus): void {
    const item = this.#ended
    if (item === null) return
    this.#ended = null
    const whole = item.whole(status)
    this.#output[item.index] = whole
    if (item.kind !== 'reasoning' || item.literal.length > 0) this.#event(`${DELTAS[item.kind]}.done`, { ...at(item), ...doneFields(item) })
    if (item.kind === 'message') this.#event('response.content_part.done', { ...at(item), content_index: 0, part: item.part() })
    if (item.kind === 'reasoning' && item.literal.length > 0) {
      this.#event('response.reasoning_summary_part.done', { ...at(item), summary_index: 0, part: item.part() })
    }
    this.#event('response.output_item.done', { output_index: item.index, item: whole })
  }

  #refuse (refusal: string): void {
    const index = this.#output.length
    const { id, part, item } = refusalItem(this.#answer, index, refusal, 'completed')
    const place = { item_id: id, output_index: index, content_index: 0 }
    this.#event('response.output_item.added', { output_index: index, item: refusalItem(this.#answer, index, '', 'in_progress').item })
    this.#event('response.content_part.added', { ...place, part: { ...part, refusal: '' } })
    this.#event('response.refusal.delta', { ...place, delta: refusal })
    this.#event('response.refusal.done', { ...place, refusal })
    this.#event('response.content_part.done', { ...place, part })
    this.#event('response.output_item.done', { output_index: index, item })
    this.#output[index] = item
  }

  #event (type: string, fields: object): void {
    this.out.text(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields, sequence_number: this.#sequence++ })}\n\n`)
  }

  #response (type: string, state: ResponseState): void {
    const response = responseJson(this.#answer, this.#created, this.#context, state)
    this.out.text(`event: ${type}\ndata: {"type":"${type}","response":${response},"sequence_number":${this.#sequence++}}\n\n`)
  }
}

function at (item: ResponseItem): object {
  return { item_id: item.id, output_index: item.index }
}

function frameOf (item: ResponseItem): Frame {
  const type = `${DELTAS[item.kind]}.delta`
  const place = item.kind === 'message' ? { content_index: 0 } : item.kind === 'reasoning' ? { summary_index: 0 } : {}
  const opening = JSON.stringify({ type, ...at(item), ...place })
  return {
    head: Buffer.from(`event: ${type}\ndata: ${opening.slice(0, -1)},"delta":"`),
    tail: Buffer.from(`"${item.kind === 'message' ? ',"logprobs":[]' : ''},"sequence_number":`)
  }
}

function doneFields (item: ResponseItem): object {
  switch (item.kind) {
    case 'message': return { content_index: 0, text: item.text, logprobs: [] }
    case 'reasoning': return { summary_index: 0, text: item.text }
    case 'function_call': return { name: item.called.name, arguments: item.text }
    case 'custom_tool_call': return { input: item.text }
  }
}
