import type { Call, Ending } from './answer-events.ts'
import { ByteWriter } from './byte-writer.ts'
import { refusalOf } from './chat-finish.ts'
import type { OpenaiError } from './openai-errors.ts'
import { ResponseItem, refusalItem, type ItemKind } from './response-items.ts'
import { answerId, endedState, responseJson } from './response-object.ts'
import type { ResponsesContext } from './responses-context.ts'
import type { OpenaiWriter } from './translator.ts'

/** Writes an answer as one `response` object, at its end. */
export class ResponsesAnswer implements OpenaiWriter {
  readonly out = new ByteWriter()
  readonly #context: ResponsesContext
  readonly #created: number
  readonly #items: ResponseItem[] = []
  /** The item that ended last: the one that an answer is cut off in. */
  #last = -1
  #answer = ''

  /** @param created epoch seconds */
  constructor (context: ResponsesContext, created: number) {
    this.#context = context
    this.#created = created
  }

  begin (id: string): void {
    this.#answer = answerId(id)
  }

  textStart (block: number): void {
    this.#start('message', block)
  }

  textPiece (block: number, bytes: Buffer, start: number, end: number): void {
    this.#items[block]?.literal.copy(bytes, start, end)
  }

  textStop (block: number): void {
    this.#last = block
  }

  thinkingStart (block: number): void {
    this.#start('reasoning', block)
  }

  thinkingPiece (block: number, bytes: Buffer, start: number, end: number): void {
    this.#items[block]?.literal.copy(bytes, start, end)
  }

  thinkingStop (block: number, signature: string): void {
    this.#items[block]?.keepThought(signature)
    this.#last = block
  }

  redacted (block: number, data: string): void {
    this.#start('reasoning', block).keepRedacted(data)
    this.#last = block
  }

  callStart (block: number, call: Call): void {
    this.#start(call.custom ? 'custom_tool_call' : 'function_call', block, call)
  }

  callPiece (block: number, _call: Call, bytes: Buffer, start: number, end: number): void {
    this.#items[block]?.literal.copy(bytes, start, end)
  }

  callStop (block: number): void {
    this.#last = block
  }

  end (ending: Ending): void {
    const output: object[] = []
    const state = endedState(ending, output)
    const cut = state.reason === 'max_output_tokens' ? this.#last : -1
    for (const item of this.#items) output.push(item.whole(item.index === cut ? 'incomplete' : 'completed'))
    const refusal = refusalOf(ending)
    if (refusal !== null) output.push(refusalItem(this.#answer, output.length, refusal, 'completed').item)
    this.out.text(responseJson(this.#answer, this.#created, this.#context, state))
  }

  failure (error: OpenaiError): string {
    return JSON.stringify({ error })
  }

  #start (kind: ItemKind, block: number, call?: Call): ResponseItem {
    const item = new ResponseItem(kind, this.#answer, block, this.#context, call)
    this.#items[block] = item
    return item
  }
}
