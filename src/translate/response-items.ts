import type { Call } from './answer-events.ts'
import { ByteWriter } from './byte-writer.ts'
import { keepThinking } from './kept-thinking.ts'
import { textOfLiteral } from './literal.ts'
import type { ResponsesContext } from './responses-context.ts'

export type ItemKind = 'message' | 'reasoning' | 'function_call' | 'custom_tool_call'
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete'

const PREFIXES: Record<ItemKind, string> = { message: 'msg', reasoning: 'rs', function_call: 'fc', custom_tool_call: 'ctc' }

/** One item of a response's `output`, in the making. Source: `ResponseOutputItem` of `openai` 7.57. */
export class ResponseItem {
  readonly kind: ItemKind
  readonly id: string
  /** Its place in `output`. */
  readonly index: number
  /** The inside of the literal of its text, its arguments or its input. */
  readonly literal = new ByteWriter(256)
  readonly #context: ResponsesContext
  readonly #call: Call | undefined
  /** What the client is given to keep of thinking. */
  #kept: string | undefined
  #text: string | undefined

  /** @param answer what ids are made of: the id of the upstream's message */
  constructor (kind: ItemKind, answer: string, index: number, context: ResponsesContext, call?: Call) {
    this.kind = kind
    this.id = `${PREFIXES[kind]}_${answer}_${index}`
    this.index = index
    this.#context = context
    this.#call = call
  }

  /** The whole text; to be asked when all of it has come. */
  get text (): string {
    this.#text ??= textOfLiteral(this.literal.toString())
    return this.#text
  }

  /** Of a call: the tool's name and namespace, as the client knows them. */
  get called (): { name: string, namespace?: string } {
    const name = this.#call?.name ?? ''
    return this.#context.namespaced.get(name) ?? { name }
  }

  /** Keeps a thought for the client, where it wants that and the upstream signed it. */
  keepThought (signature: string): void {
    if (!this.#context.encrypted || signature === '') return
    this.#kept = keepThinking({ type: 'thinking', thinking: this.text, signature }, this.#context.upstreamModel)
  }

  keepRedacted (data: string): void {
    if (this.#context.encrypted) this.#kept = keepThinking({ type: 'redacted_thinking', data }, this.#context.upstreamModel)
  }

  /** The item as it begins: without its content. */
  begun (): object {
    return this.#object('in_progress', '', [], [])
  }

  /** The item as it is. */
  whole (status: ItemStatus): object {
    const summary = this.literal.length === 0 ? [] : [this.part()]
    return this.#object(status, this.text, [this.part()], summary)
  }

  /** The part of a message, or of a reasoning's summary. */
  part (text = this.text): object {
    return this.kind === 'reasoning' ? { type: 'summary_text', text } : { type: 'output_text', text, annotations: [], logprobs: [] }
  }

  #object (status: ItemStatus, text: string, content: object[], summary: object[]): object {
    const { id, kind: type } = this
    switch (type) {
      case 'message': return { id, type, status, role: 'assistant', content }
      case 'reasoning': return { id, type, summary, ...(this.#context.encrypted ? { encrypted_content: this.#kept ?? null } : {}) }
      case 'function_call': return { id, type, status, call_id: this.#call?.id, ...this.called, arguments: text }
      case 'custom_tool_call': return { id, type, status, call_id: this.#call?.id, ...this.called, input: text }
    }
  }
}

/** The item that tells a refusal. */
export function refusalItem (answer: string, index: number, refusal: string, status: ItemStatus): { id: string, item: object, part: object } {
  const id = `msg_${answer}_${index}`
  const part = { type: 'refusal', refusal }
  return { id, part, item: { id, type: 'message', status, role: 'assistant', content: status === 'in_progress' ? [] : [part] } }
}
