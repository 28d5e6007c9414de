import { ByteWriter } from './byte-writer.ts'
import type { DeltaKind } from './delta-bytes.ts'
import { isObject, textOf, type Fields } from './fields.ts'
import { literalOf, textOfLiteral } from './literal.ts'
import type { MessageHandler } from './message-reader.ts'
import type { WireError } from './messages.ts'
import { TokenCounts } from './token-counts.ts'

/** One call of a tool, in the order in which calls begin. */
export interface Call {
  /** 0 for the answer's first call. */
  ordinal: number
  id: string
  name: string
  /** A freeform tool: its input is told as one text. */
  custom: boolean
}

/** How an answer ended. */
export interface Ending {
  /** Anthropic's name for it; empty when none was told. */
  stopReason: string
  /** Why the model refused, as far as it says. */
  explanation: string
  counts: TokenCounts
}

/**
 * The writer of an answer in another protocol. Blocks may overlap; each is known by a number of its own, in the order of their beginning.
 * Pieces are the insides of JSON string literals, as {@link MessageHandler.delta} gives them.
 */
export interface AnswerWriter {
  /** @param id of the message, as the upstream gave it */
  begin (id: string): void
  textStart (block: number): void
  textPiece (block: number, bytes: Buffer, start: number, end: number): void
  textStop (block: number): void
  thinkingStart (block: number): void
  thinkingPiece (block: number, bytes: Buffer, start: number, end: number): void
  thinkingStop (block: number, signature: string): void
  /** Thinking that the upstream tells in a form that only it can read. */
  redacted (block: number, data: string): void
  callStart (block: number, call: Call): void
  /** A part of the call's arguments, which are JSON; of a freeform tool its whole input. */
  callPiece (block: number, call: Call, bytes: Buffer, start: number, end: number): void
  callStop (block: number, call: Call): void
  end (ending: Ending): void
}

interface Open {
  kind: DeltaKind
  block: number
  signature: string
  call: Call | null
  /** The tool whose input is the text of the answer. */
  json: boolean
  /** Some of the input has come. */
  begun: boolean
  /** The input that the block began with, for a call that streams none. */
  input: unknown
  /** The input of a freeform tool so far. */
  collected: ByteWriter | null
}

/** What of the request decides about the telling of calls. */
export interface CallContext {
  /** The tool that stands in for structured output: its input is the text of the answer. */
  jsonTool?: string
  /** Names of the freeform tools. */
  customTools: ReadonlySet<string>
}

/** Tells the events of a Messages stream as the beginning, the pieces and the end of blocks; what nobody can tell an OpenAI client is left out. */
export class AnswerEvents implements MessageHandler {
  readonly #writer: AnswerWriter
  readonly #context: CallContext
  readonly #onError: (error: WireError) => void
  readonly #open = new Map<number, Open>()
  readonly #ending: Ending = { stopReason: '', explanation: '', counts: new TokenCounts() }
  #blocks = 0
  #calls = 0
  #begun = false

  constructor (writer: AnswerWriter, context: CallContext, onError: (error: WireError) => void) {
    this.#writer = writer
    this.#context = context
    this.#onError = onError
  }

  messageStart (message: Fields): void {
    this.#ending.counts.merge(message['usage'])
    this.#begin(textOf(message['id']))
  }

  blockStart (index: number, block: Fields): void {
    this.#begin('')
    if (this.#open.has(index)) this.blockStop(index)
    switch (block['type']) {
      case 'text': return this.#startText(index, block['text'], false)
      case 'thinking': return this.#startThinking(index, block)
      case 'redacted_thinking': return this.#writer.redacted(this.#blocks++, textOf(block['data']))
      case 'tool_use': return textOf(block['name']) === this.#context.jsonTool ? this.#startText(index, '', true, block) : this.#startCall(index, block)
    }
  }

  delta (index: number, kind: DeltaKind, bytes: Buffer, start: number, end: number): void {
    const open = this.#open.get(index)
    if (open === undefined || open.kind !== kind || start === end) return
    open.begun = true
    if (open.call === null) this.#piece(open, bytes, start, end)
    else if (open.collected === null) this.#writer.callPiece(open.block, open.call, bytes, start, end)
    else open.collected.copy(bytes, start, end)
  }

  signature (index: number, signature: string): void {
    const open = this.#open.get(index)
    if (open !== undefined) open.signature += signature
  }

  blockStop (index: number): void {
    const open = this.#open.get(index)
    if (open === undefined) return
    this.#open.delete(index)
    if (open.call !== null) return this.#stopCall(open, open.call)
    if (open.json && !open.begun) this.#say(open, inputText(open.input))
    if (open.kind === 'thinking') this.#writer.thinkingStop(open.block, open.signature)
    else this.#writer.textStop(open.block)
  }

  messageDelta (delta: Fields, usage: unknown): void {
    this.#ending.counts.merge(usage)
    this.#ending.stopReason = textOf(delta['stop_reason']) || this.#ending.stopReason
    const details = delta['stop_details']
    if (isObject(details)) this.#ending.explanation = textOf(details['explanation'])
  }

  messageStop (): void {
    this.#begin('')
    for (const index of [...this.#open.keys()]) this.blockStop(index)
    this.#writer.end(this.#ending)
  }

  failed (error: WireError): void {
    this.#onError(error)
  }

  #begin (id: string): void {
    if (!this.#begun) this.#writer.begin(id)
    this.#begun = true
  }

  #startText (index: number, text: unknown, json: boolean, block: Fields = {}): void {
    const open = this.#openBlock(index, json ? 'input' : 'text', { json, input: block['input'] })
    this.#writer.textStart(open.block)
    this.#say(open, textOf(text))
  }

  #startThinking (index: number, { thinking, signature }: Fields): void {
    const open = this.#openBlock(index, 'thinking', { signature: textOf(signature) })
    this.#writer.thinkingStart(open.block)
    this.#say(open, textOf(thinking))
  }

  #startCall (index: number, block: Fields): void {
    const name = textOf(block['name'])
    const custom = this.#context.customTools.has(name)
    const call: Call = { ordinal: this.#calls++, id: textOf(block['id']), name, custom }
    const open = this.#openBlock(index, 'input', { call, input: block['input'], collected: custom ? new ByteWriter(256) : null })
    this.#writer.callStart(open.block, call)
  }

  #stopCall (open: Open, call: Call): void {
    const { block, begun, input, collected } = open
    const text = collected === null ? inputText(input) : freeText(begun ? collected.toString() : literalOf(inputText(input)).toString())
    if (collected !== null || !begun) {
      const literal = literalOf(text)
      this.#writer.callPiece(block, call, literal, 0, literal.length)
    }
    this.#writer.callStop(block, call)
  }

  #openBlock (index: number, kind: DeltaKind, more: Partial<Open>): Open {
    const open: Open = { kind, block: this.#blocks++, signature: '', call: null, json: false, begun: false, input: null, collected: null, ...more }
    this.#open.set(index, open)
    return open
  }

  #say (open: Open, text: string): void {
    if (text === '') return
    const literal = literalOf(text)
    this.#piece(open, literal, 0, literal.length)
  }

  #piece (open: Open, bytes: Buffer, start: number, end: number): void {
    if (open.kind === 'thinking') this.#writer.thinkingPiece(open.block, bytes, start, end)
    else this.#writer.textPiece(open.block, bytes, start, end)
  }
}

/** A call that streams no input has the one that it began with, which is nearly always empty. */
function inputText (input: unknown): string {
  return JSON.stringify(input ?? {})
}

/** What the client's freeform tool takes, out of the object that stands for it; what cannot be read, cut off for example, stays as it is. */
function freeText (literal: string): string {
  const json = textOfLiteral(literal)
  try {
    const input: unknown = JSON.parse(json)
    return isObject(input) && typeof input['input'] === 'string' ? input['input'] : json
  } catch {
    return json
  }
}
