import { once } from 'node:events'
import { request as httpRequest, type Agent, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import { until } from './until.ts'

/** An answer as it arrived: nothing decoded, nothing repaired. */
export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  /** Whether HTTP framing says that the answer came to its end. */
  whole: boolean
}

export interface SendOptions {
  method?: string
  path?: string
  headers?: Record<string, string | string[]>
  /** A list of buffers is sent chunked, one a chunk; a single buffer with its length. */
  body?: Buffer | string | Buffer[]
  agent?: Agent
}

/** One request over a real socket, followed while it runs. */
export class Exchange {
  readonly req: ClientRequest
  /** Settles when the headers are there; rejects when the connection ends before. */
  readonly head: Promise<IncomingMessage>
  /** Settles when the answer ends, in whatever way. */
  readonly done: Promise<Answer>
  readonly #chunks: Buffer[] = []

  constructor (url: string, { method = 'POST', path = '/v1/messages', headers = {}, body, agent }: SendOptions) {
    const framing = Array.isArray(body) || body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    // The path is given apart, so that it is sent as it is: a URL would be tidied up.
    this.req = httpRequest(url, { path, method, headers: { ...framing, ...headers }, agent })
    this.head = new Promise((resolve, reject) => this.req.once('response', resolve).on('error', reject))
    this.done = this.head.then((res) => this.#collect(res))
    // A test that only aborts looks at neither.
    this.head.catch(() => {})
    this.done.catch(() => {})
    this.#send(body)
  }

  get text (): string {
    return Buffer.concat(this.#chunks).toString('utf8')
  }

  /** Waits until the answer so far holds a text. */
  async has (text: string): Promise<void> {
    await this.head
    await until(() => this.text.includes(text), `the client to read ${JSON.stringify(text)}`)
  }

  /** Leaves without a word. */
  leave (): void {
    this.req.destroy()
  }

  #send (body: SendOptions['body']): void {
    // Bytes, for Node would join a text with the headers and encode both as UTF-8.
    if (!Array.isArray(body)) this.req.end(body === undefined ? body : Buffer.from(body))
    else {
      for (const chunk of body) this.req.write(chunk)
      this.req.end()
    }
  }

  #collect (res: IncomingMessage): Promise<Answer> {
    res.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
    // What a broken answer is worth is told by `whole`.
    res.on('error', () => {})
    return new Promise((resolve) => res.once('close', () => resolve({
      status: res.statusCode!, headers: res.headers, body: Buffer.concat(this.#chunks), whole: res.complete
    })))
  }
}

/** Sends one request and waits for its whole answer. */
export function send (url: string, options: SendOptions): Promise<Answer> {
  return new Exchange(url, options).done
}

/** A plain socket, for what no HTTP client would send. It reads from the start. */
export class RawClient {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  ended = false

  constructor (t: Test, port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('data', (chunk: Buffer) => { this.#received = Buffer.concat([this.#received, chunk]) })
    this.socket.on('error', () => {})
    this.socket.on('close', () => { this.ended = true })
    t.teardown(() => this.socket.destroy())
  }

  /** What was read, one character a byte. */
  get text (): string {
    return this.#received.toString('latin1')
  }

  write (data: string | Buffer): void {
    this.socket.write(data)
  }

  async has (text: string): Promise<void> {
    await until(() => this.text.includes(text), `the socket to read ${JSON.stringify(text)}; it has ${JSON.stringify(this.text.slice(0, 500))}`)
  }

  /** Waits for the connection's end. @returns all that was read */
  async end (): Promise<string> {
    if (!this.ended) await once(this.socket, 'close')
    return this.text
  }
}

/** The bytes of a Messages request, as a client would send it. */
export function rawPost (token: string, body: string, headers: string[] = [], path = '/v1/messages'): string {
  return [
    `POST ${path} HTTP/1.1`, 'host: gateway.test', `authorization: Bearer ${token}`, 'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`, ...headers, '', body
  ].join('\r\n')
}
