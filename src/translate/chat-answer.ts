import type { Call, Ending } from './answer-events.ts'
import { ByteWriter } from './byte-writer.ts'
import type { ChatContext } from './chat-context.ts'
import { chatId, finishReason, refusalOf } from './chat-finish.ts'
import type { OpenaiError } from './openai-errors.ts'
import type { OpenaiWriter } from './translator.ts'

/**
 * Writes an answer as one `chat.completion`, at its end. Texts are collected as the insides of their literals, and need no escaping again.
 * Source: `openai` 7.57, `ChatCompletion`.
 */
export class ChatAnswer implements OpenaiWriter {
  readonly out = new ByteWriter()
  readonly #context: ChatContext
  readonly #created: number
  readonly #text = new ByteWriter()
  readonly #thinking = new ByteWriter(0)
  readonly #calls: Array<{ call: Call, input: ByteWriter }> = []
  #id = ''

  /** @param created epoch seconds */
  constructor (context: ChatContext, created: number) {
    this.#context = context
    this.#created = created
  }

  begin (id: string): void {
    this.#id = id
  }

  textStart (): void {}

  textPiece (_block: number, bytes: Buffer, start: number, end: number): void {
    this.#text.copy(bytes, start, end)
  }

  textStop (): void {}

  thinkingStart (): void {}

  thinkingPiece (_block: number, bytes: Buffer, start: number, end: number): void {
    this.#thinking.copy(bytes, start, end)
  }

  thinkingStop (): void {}

  redacted (): void {}

  callStart (_block: number, call: Call): void {
    this.#calls.push({ call, input: new ByteWriter(256) })
  }

  callPiece (_block: number, { ordinal }: Call, bytes: Buffer, start: number, end: number): void {
    this.#calls[ordinal]?.input.copy(bytes, start, end)
  }

  callStop (): void {}

  end (ending: Ending): void {
    const { model } = this.#context
    const opening = JSON.stringify({ id: chatId(this.#id), object: 'chat.completion', created: this.#created, model, system_fingerprint: null })
    const finish = JSON.stringify(finishReason(ending, this.#calls.length, this.#context))
    this.out.text(`${opening.slice(0, -1)},"choices":[{"index":0,"message":{"role":"assistant","content":`)
    this.#literal(this.#text)
    this.out.text(`,"refusal":${JSON.stringify(refusalOf(ending))}`)
    if (this.#thinking.length > 0) {
      this.out.text(',"reasoning_content":')
      this.#literal(this.#thinking)
    }
    this.#writeCalls()
    this.out.text(`},"logprobs":null,"finish_reason":${finish}}],"usage":${JSON.stringify(ending.counts.chat())}}`)
  }

  failure (error: OpenaiError): string {
    return JSON.stringify({ error })
  }

  #writeCalls (): void {
    if (this.#calls.length === 0) return
    if (this.#context.legacyFunctions) {
      this.out.text(`,"function_call":{"name":${JSON.stringify(this.#calls[0]?.call.name)},"arguments":`)
      this.#literal(this.#calls[0]!.input)
      return this.out.text('}')
    }
    for (const [index, { call, input }] of this.#calls.entries()) {
      const [type, field] = call.custom ? ['custom', 'input'] : ['function', 'arguments']
      this.out.text(`${index === 0 ? ',"tool_calls":[' : ','}{"id":${JSON.stringify(call.id)},"type":"${type}","${type}":{"name":${JSON.stringify(call.name)},"${field}":`)
      this.#literal(input, '""')
      this.out.text('}}')
    }
    this.out.text(']')
  }

  /** @param empty what stands for no text at all */
  #literal (literal: ByteWriter, empty = 'null'): void {
    if (literal.length === 0) return this.out.text(empty)
    this.out.text('"')
    this.out.bytes(literal.take())
    this.out.text('"')
  }
}
