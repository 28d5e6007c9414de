import type { Call, Ending } from './answer-events.ts'
import { ByteWriter } from './byte-writer.ts'
import type { ChatContext } from './chat-context.ts'
import { chatId, finishReason, refusalOf } from './chat-finish.ts'
import type { OpenaiError } from './openai-errors.ts'
import type { OpenaiWriter } from './translator.ts'

/** What stands before and behind a literal in a frame. */
interface Frame { head: Buffer, tail: Buffer }

/** Stands for the text in the JSON of a delta; nothing else in it can look like that. */
const HOLE = '\u{f8ff}'
const NOTHING: Frame = { head: Buffer.alloc(0), tail: Buffer.alloc(0) }

/**
 * Writes an answer as a stream of `chat.completion.chunk`. All that repeats is prepared once; a piece of text costs three copies. Fields that
 * may be left out and would always be null are: they would be a fifth of every frame.
 * Source: `openai` 7.57, `ChatCompletionChunk`.
 */
export class ChatStream implements OpenaiWriter {
  readonly out = new ByteWriter()
  readonly #context: ChatContext
  readonly #created: number
  /** The part of every chunk that comes before its `choices`. */
  #opening = ''
  #content = NOTHING
  #reasoning = NOTHING
  readonly #arguments = new Map<number, Frame>()
  #calls = 0

  /** @param created epoch seconds */
  constructor (context: ChatContext, created: number) {
    this.#context = context
    this.#created = created
  }

  begin (id: string): void {
    const { model } = this.#context
    const fields = { id: chatId(id), object: 'chat.completion.chunk', created: this.#created, model }
    this.#opening = `data: ${JSON.stringify(fields).slice(0, -1)}`
    this.#content = this.#frame('content')
    this.#reasoning = this.#frame('reasoning_content')
    this.#delta({ role: 'assistant', content: '', refusal: null })
  }

  textStart (): void {}

  textPiece (_block: number, bytes: Buffer, start: number, end: number): void {
    this.#write(this.#content, bytes, start, end)
  }

  textStop (): void {}

  thinkingStart (): void {}

  thinkingPiece (_block: number, bytes: Buffer, start: number, end: number): void {
    this.#write(this.#reasoning, bytes, start, end)
  }

  thinkingStop (): void {}

  redacted (): void {}

  callStart (block: number, { ordinal, id, name, custom }: Call): void {
    if (this.#context.legacyFunctions) {
      // The old protocol has room for one call only.
      if (ordinal > 0) return
      this.#delta({ function_call: { name, arguments: '' } })
      this.#arguments.set(block, this.#split(JSON.stringify({ function_call: { arguments: HOLE } })))
    } else if (custom) {
      this.#delta({ tool_calls: [{ index: ordinal, id, type: 'custom', custom: { name, input: '' } }] })
      this.#arguments.set(block, this.#split(JSON.stringify({ tool_calls: [{ index: ordinal, custom: { input: HOLE } }] })))
    } else {
      this.#delta({ tool_calls: [{ index: ordinal, id, type: 'function', function: { name, arguments: '' } }] })
      this.#arguments.set(block, this.#split(JSON.stringify({ tool_calls: [{ index: ordinal, function: { arguments: HOLE } }] })))
    }
    this.#calls++
  }

  callPiece (block: number, _call: Call, bytes: Buffer, start: number, end: number): void {
    const frame = this.#arguments.get(block)
    if (frame !== undefined) this.#write(frame, bytes, start, end)
  }

  callStop (block: number): void {
    this.#arguments.delete(block)
  }

  end (ending: Ending): void {
    const refusal = refusalOf(ending)
    if (refusal !== null) this.#delta({ refusal })
    this.#chunk([{ index: 0, delta: {}, finish_reason: finishReason(ending, this.#calls, this.#context) }], null)
    if (this.#context.includeUsage) this.#chunk([], ending.counts.chat())
    this.out.text('data: [DONE]\n\n')
  }

  failure (error: OpenaiError): string {
    return `data: ${JSON.stringify({ error })}\n\n`
  }

  #delta (delta: object): void {
    this.#chunk([{ index: 0, delta, finish_reason: null }], null)
  }

  #chunk (choices: object[], usage: object | null): void {
    this.out.text(`${this.#opening},"choices":${JSON.stringify(choices)}${this.#context.includeUsage ? `,"usage":${JSON.stringify(usage)}` : ''}}\n\n`)
  }

  #write ({ head, tail }: Frame, bytes: Buffer, start: number, end: number): void {
    this.out.bytes(head)
    this.out.copy(bytes, start, end)
    this.out.bytes(tail)
  }

  #frame (field: string): Frame {
    return this.#split(JSON.stringify({ [field]: HOLE }))
  }

  /** @param delta JSON with the hole in the place of a text */
  #split (delta: string): Frame {
    const [before = '', behind = ''] = delta.split(HOLE)
    const usage = this.#context.includeUsage ? ',"usage":null' : ''
    return {
      head: Buffer.from(`${this.#opening},"choices":[{"index":0,"delta":${before}`),
      tail: Buffer.from(`${behind},"finish_reason":null}]${usage}}\n\n`)
    }
  }
}
