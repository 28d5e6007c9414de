import { AnswerEvents, type AnswerWriter, type CallContext } from './answer-events.ts'
import type { ByteWriter } from './byte-writer.ts'
import { MessageReader } from './message-reader.ts'
import type { WireError } from './messages.ts'
import type { OpenaiError } from './openai-errors.ts'

/** Writes an answer of the OpenAI protocol into bytes: a stream piece by piece, a whole answer at its end. */
export interface OpenaiWriter extends AnswerWriter {
  readonly out: ByteWriter
  /** How the running stream tells that it has failed. It holds no terminator. */
  failure (error: OpenaiError): string
}

/**
 * The answer to one request, out of Messages into the client's protocol. Bytes in, bytes out, over any chunking; it knows neither a socket
 * nor a clock.
 */
export class Translator {
  readonly #reader: MessageReader
  readonly #writer: OpenaiWriter
  #error: WireError | null = null

  constructor (writer: OpenaiWriter, context: CallContext) {
    this.#writer = writer
    this.#reader = new MessageReader(new AnswerEvents(writer, context, (error) => { this.#error = error }))
  }

  /** The error that the stream told of, or with which it could not be read. */
  get error (): WireError | null {
    return this.#error
  }

  /** Whether the answer is complete, or has failed. */
  get over (): boolean {
    return this.#reader.over || this.#error !== null
  }

  /** @returns what the client gets for it; often nothing */
  read (chunk: Buffer): Buffer {
    // A frame is more than twice as large as the event that it stands for.
    this.#writer.out.reserve(chunk.length * 3)
    try {
      this.#reader.read(chunk)
    } catch (error) {
      // A literal that is none: everything else that can come is provided for.
      if (!(error instanceof SyntaxError)) throw error
      this.#error = { type: 'api_error', message: 'The upstream sent a text that cannot be read.' }
    }
    return this.#writer.out.take()
  }

  failure (error: OpenaiError): string {
    return this.#writer.failure(error)
  }
}
