import type { IncomingHttpHeaders } from 'node:http'
import { errorType, GatewayError } from '../errors.ts'
import { openaiErrorOf } from '../translate/openai-errors.ts'
import type { WireError } from '../translate/messages.ts'
import type { Translator } from '../translate/translator.ts'
import { isEventStream, type Sink } from './sink.ts'
import { truncatedStream } from './upstream-errors.ts'

/** An error's body larger than this, in bytes, is not read further: no message is that long. */
const MAX_ERROR = 256 * 1024

/**
 * The stage that turns an answer in Messages into one of the OpenAI protocol. The upstream is asked for a stream in any case; a client that
 * wants a whole answer gets it when the stream has come to its end.
 *
 *     ClientSink ← TranslationSink ← UsageTap ← FirstEventHold ← UpstreamFlow
 */
export class TranslationSink implements Sink {
  readonly #next: Sink
  readonly #translator: Translator
  readonly #stream: boolean
  #status = 0
  #headers: IncomingHttpHeaders = {}
  /** The body of an answer that is no stream. */
  #body: Buffer[] | null = null
  #bodyLength = 0
  #started = false

  /** @param stream whether the client wants a stream */
  constructor (next: Sink, translator: Translator, stream: boolean) {
    this.#next = next
    this.#translator = translator
    this.#stream = stream
  }

  start (status: number, headers: IncomingHttpHeaders): void {
    this.#status = status
    this.#headers = headers
    if (status !== 200 || !isEventStream(headers)) this.#body = []
  }

  data (chunk: Buffer): boolean {
    if (this.#body !== null) {
      this.#bodyLength += chunk.length
      if (this.#bodyLength <= MAX_ERROR) this.#body.push(chunk)
      return true
    }
    if (this.#translator.over) return true
    const told = this.#translator.read(chunk)
    const more = told.length === 0 || this.#pass(told)
    if (this.#translator.error !== null) this.#next.fail(toldError(this.#translator.error))
    return more
  }

  end (): void {
    if (this.#body !== null) this.#refuse(Buffer.concat(this.#body).toString())
    else if (!this.#translator.over) this.#next.fail(truncatedStream())
    else if (this.#translator.error === null) this.#next.end()
  }

  /** The client has been told the end as soon as the upstream told it: what becomes of the connection then is no concern of the answer. */
  fail (error: GatewayError): void {
    if (this.#translator.over && this.#translator.error === null) this.#next.end()
    else this.#next.fail(error)
  }

  #pass (bytes: Buffer): boolean {
    if (!this.#started) {
      this.#started = true
      // A length or an encoding of the upstream's says nothing of what is told here.
      const own = this.#stream ? { 'content-type': 'text/event-stream; charset=utf-8' } : jsonHeaders(bytes)
      this.#next.start(200, { ...this.#headers, 'content-length': undefined, ...own })
    }
    return this.#next.data(bytes)
  }

  /** What is no stream is an error, or an upstream that does not keep to the protocol. */
  #refuse (body: string): void {
    if (this.#status < 400) {
      return this.#next.fail(new GatewayError('api_error', 'The upstream was asked for a stream and answered with something else.', {
        status: 502, code: 'upstream_content_type'
      }))
    }
    const { status, error } = openaiErrorOf(this.#status, body)
    const bytes = Buffer.from(JSON.stringify({ error }))
    this.#next.start(status, { ...this.#headers, ...jsonHeaders(bytes) })
    this.#next.data(bytes)
    this.#next.end()
  }
}

function jsonHeaders (bytes: Buffer): IncomingHttpHeaders {
  return { 'content-type': 'application/json; charset=utf-8', 'content-length': String(bytes.length) }
}

/** An error that came inside a stream, as one of ours: so it is logged, and told with a status where nothing has been told yet. */
function toldError ({ type, message }: WireError): GatewayError {
  return new GatewayError(errorType(type), message ?? 'The upstream told of an error without saying which.', { code: 'upstream_error' })
}
