import { EventReader, type DataHandler } from '../event-reader.ts'
import { isObject, objectOf, textOf, type Fields } from '../fields.ts'
import type { StopReason } from '../messages.ts'
import { AnswerBlocks } from './answer-blocks.ts'
import { MessageObject, MessageStream, type AnswerHead, type MessageWriter, type RefusalDetails } from './answer-writer.ts'
import { parseMessageLimit, type MessageLimit } from './message-limit.ts'
import { readStreamError, streamError, type WebStreamError } from './stream-error.ts'

export interface WebAnswerOptions {
  /** Own message id, `msg_…`. */
  id: string
  /** The model that was asked for; told unless the stream names another. */
  model: string
  /** Whether the client wants a stream of events; else one JSON message at the end. */
  stream: boolean
  /** Estimated tokens of the prompt. */
  inputTokens: number
  stopSequences: readonly string[]
}

/** An event longer than this, in bytes, is none of claude.ai's. */
const MAX_EVENT = 4 * 1024 * 1024
/** The block that the text of the legacy style is told in. */
const LEGACY_BLOCK = 0
/**
 * The reasons that mean to an API client what they say. `tool_use` is not among them: no call is ever told; nor is `stop_sequence`: claude.ai
 * knows nothing of the client's sequences, and its legacy style ends every turn with that reason.
 */
const REASONS: ReadonlySet<unknown> = new Set<StopReason>(['end_turn', 'max_tokens', 'pause_turn', 'refusal', 'model_context_window_exceeded'])

/**
 * The answer to one request, out of the event stream of claude.ai's `completion` into Anthropic Messages. Bytes in, bytes out, over any
 * chunking; it knows neither a socket nor a clock. Both styles of the stream are read, that of Messages and the legacy one of `completion`
 * events; whichever comes first is the stream's. Source: public clients' captures of 2026.
 */
export class WebAnswer implements DataHandler {
  readonly #options: WebAnswerOptions
  readonly #writer: MessageWriter
  readonly #blocks: AnswerBlocks
  readonly #events = new EventReader(this, MAX_EVENT)
  /** Set as the answer begins. */
  #head: AnswerHead | null = null
  #legacy = false
  /** The model as it was told before the beginning. */
  #model = ''
  #stopReason: unknown = null
  #stopDetails: unknown = null
  #over = false
  #error: WebStreamError | null = null
  #limit: MessageLimit | null = null
  #assistantUuid: string | null = null

  constructor (options: WebAnswerOptions) {
    this.#options = options
    this.#writer = options.stream ? new MessageStream() : new MessageObject()
    this.#blocks = new AnswerBlocks(this.#writer, options.stopSequences)
  }

  /** The answer is complete: its last event has come, or a stop sequence was met. Nothing further is read. Never together with an error. */
  get over (): boolean {
    return this.#over
  }

  /** A stop sequence ended the answer: the upstream need not be read further, and its own message is longer than what was told. */
  get stopped (): boolean {
    return this.#over && this.#blocks.matched !== null
  }

  /** The stream told of an error, or could not be read. Nothing further is read, and the client is told nothing of it here. */
  get error (): WebStreamError | null {
    return this.#error
  }

  /** What the latest `message_limit` told. */
  get limit (): MessageLimit | null {
    return this.#limit
  }

  /** The upstream's uuid of the assistant message: the parent of the next turn. */
  get assistantUuid (): string | null {
    return this.#assistantUuid
  }

  /** All text that was told, block by block; without the thinking. Of a whole answer, all that will be told so far. */
  get text (): string {
    return this.#blocks.text
  }

  /** Estimated tokens of what was told, thinking and all; at least the one that the beginning tells of. */
  get outputTokens (): number {
    return this.#head === null ? 0 : Math.max(1, this.#blocks.outputTokens)
  }

  /** @returns what the client gets for it: events, or, where it wants no stream, nothing until the end and then the message as JSON */
  read (chunk: Buffer): Buffer {
    this.#events.read(chunk)
    return this.#writer.out.take()
  }

  data (bytes: Buffer): void {
    // An event of no data keeps a connection alive.
    if (bytes.length === 0) return
    let event: unknown
    try {
      event = JSON.parse(bytes.toString())
    } catch {
      return this.#fail(streamError('api_error', 'The upstream sent an event that is not JSON.'))
    }
    if (!isObject(event)) return
    if (this.#tellsError(event)) return this.#fail(readStreamError(event['error']))
    this.#event(event)
    if (this.#blocks.matched !== null && !this.#over) this.#finish()
  }

  tooLong (): void {
    this.#fail(streamError('api_error', 'The upstream sent an event of more than 4 MiB.'))
  }

  /** Errors of the legacy style are a field of its events, or all that an event holds. */
  #tellsError ({ type, error }: Fields): boolean {
    if (type === 'error') return true
    return (type === undefined || type === 'completion') && error !== undefined && error !== null && error !== false
  }

  #event (event: Fields): void {
    switch (event['type']) {
      case 'message_limit': return this.#readLimit(event['message_limit'] ?? event)
      case 'model_update': return this.#nameModel(event['model'])
      case 'model_fallback': return this.#nameModel(event['fallback_model'] ?? event['model'])
      case 'ping':
        // Before the beginning it would be the answer's first event, which no client expects.
        return this.#head === null ? undefined : this.#writer.ping()
      case 'completion':
      case undefined: return this.#completion(event)
      default: return this.#legacy ? undefined : this.#messageEvent(event)
    }
  }

  #messageEvent (event: Fields): void {
    const number = typeof event['index'] === 'number' ? event['index'] : -1
    switch (event['type']) {
      case 'message_start': return this.#messageStart(objectOf(event['message']))
      case 'content_block_start':
        this.#begin()
        return this.#blocks.start(number, objectOf(event['content_block']))
      case 'content_block_delta': return this.#blocks.delta(number, objectOf(event['delta']))
      case 'content_block_stop': return this.#blocks.stop(number)
      case 'content_block_retract': return this.#retract(event)
      case 'message_delta': return this.#messageDelta(objectOf(event['delta']))
      case 'message_stop': return this.#messageStop()
    }
  }

  #messageStart (message: Fields): void {
    if (this.#head !== null) return
    this.#assistantUuid = textOf(message['uuid']) || null
    this.#nameModel(message['model'])
    this.#begin()
  }

  /** Everything from `from_index` on is taken back; without one, all. */
  #retract ({ from_index: from, index }: Fields): void {
    this.#blocks.retract(typeof from === 'number' ? from : typeof index === 'number' ? index : -Infinity)
  }

  #messageDelta (delta: Fields): void {
    this.#stopReason = delta['stop_reason'] ?? this.#stopReason
    this.#stopDetails = delta['stop_details'] ?? this.#stopDetails
  }

  #messageStop (): void {
    if (this.#head === null) return this.#fail(streamError('api_error', 'The upstream ended an answer that it had not begun.'))
    this.#finish()
  }

  /** In a stream of the other style such events tell nothing. */
  #completion (event: Fields): void {
    const { completion, stop_reason: stopReason, messageLimit } = event
    if (isObject(messageLimit)) this.#readLimit(messageLimit)
    if (typeof completion !== 'string' || (this.#head !== null && !this.#legacy)) return
    this.#legacy = true
    if (this.#head === null) this.#nameModel(event['model'])
    this.#begin()
    if (completion !== '' && this.#blocks.content.length === 0) this.#blocks.start(LEGACY_BLOCK, { type: 'text' })
    this.#blocks.delta(LEGACY_BLOCK, { type: 'text_delta', text: completion })
    if (stopReason === undefined || stopReason === null) return
    this.#stopReason = stopReason
    this.#finish()
  }

  #readLimit (limit: unknown): void {
    if (isObject(limit)) this.#limit = parseMessageLimit(limit)
  }

  #nameModel (model: unknown): void {
    this.#model = textOf(model) || this.#model
  }

  #begin (): void {
    if (this.#head !== null) return
    const { id, model, inputTokens } = this.#options
    this.#head = { id, model: this.#model || model, inputTokens }
    this.#writer.begin(this.#head)
  }

  /** Told only now, with the last event: a stream that breaks off before it has no stop reason. */
  #finish (): void {
    if (this.#head === null) return
    this.#blocks.stopAll()
    this.#over = true
    this.#events.stop()
    const { matched, content, thinkingTokens } = this.#blocks
    const stopReason = matched === null ? stopReasonOf(this.#stopReason) : 'stop_sequence'
    const stopDetails = stopReason === 'refusal' ? refusalOf(this.#stopDetails) : null
    this.#writer.end(this.#head, content, { stopReason, stopSequence: matched, stopDetails, outputTokens: this.outputTokens, thinkingTokens })
  }

  #fail (error: WebStreamError): void {
    this.#error = error
    this.#events.stop()
  }
}

function stopReasonOf (reason: unknown): StopReason {
  return REASONS.has(reason) ? reason as StopReason : 'end_turn'
}

function refusalOf (value: unknown): RefusalDetails {
  const { category, explanation } = objectOf(value)
  return { type: 'refusal', category: textOf(category) || null, explanation: textOf(explanation) || null }
}
