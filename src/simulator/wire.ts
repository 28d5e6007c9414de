import { once } from 'node:events'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { ServerResponse } from 'node:http'
import { event } from './events.ts'
import type { ApiError } from './api-error.ts'

export interface WireOptions {
  /** Headers of the answer, content type included. */
  headers: Record<string, string>
  /** The events of a stream, or one frame: the whole JSON text. */
  frames: Iterable<string>
  /** Whether the frames are events. */
  streaming: boolean
  /** Milliseconds between two events. */
  paceMs: number
  requestId: string
}

/** The way of one answer's bytes to its socket. Everything stops by itself when the client goes away. */
export class Wire {
  readonly frames: Iterable<string>
  readonly streaming: boolean
  readonly paceMs: number
  /** Whether the answer was broken off on purpose. */
  cut = false
  readonly #raw: ServerResponse
  readonly #headers: Record<string, string>
  readonly #requestId: string
  readonly #gone = new AbortController()

  constructor (raw: ServerResponse, { headers, frames, streaming, paceMs, requestId }: WireOptions) {
    this.#raw = raw
    this.#headers = headers
    this.frames = frames
    this.streaming = streaming
    this.paceMs = paceMs
    this.#requestId = requestId
    raw.once('close', () => this.#gone.abort())
  }

  get gone (): boolean {
    return this.#gone.signal.aborted || this.#raw.destroyed
  }

  /** Sets status and headers, once. They leave together with the first bytes. */
  open (headers: Record<string, string> = {}, status = 200): void {
    if (this.gone || this.#raw.headersSent) return
    this.#raw.writeHead(status, { ...this.#headers, ...headers })
  }

  /** Sends the headers without waiting for a first byte. */
  flush (): void {
    this.open()
    if (!this.gone) this.#raw.flushHeaders()
  }

  /** Hands bytes to the socket, and waits while it is full. */
  async write (chunk: string | Uint8Array): Promise<void> {
    if (this.gone) return
    this.open()
    if (!this.#raw.write(chunk)) await once(this.#raw, 'drain', { signal: this.#gone.signal }).catch(ignoreGone)
  }

  /** Writes each chunk in a turn of the event loop of its own, so that it travels alone. */
  async writeApart (chunks: Iterable<Uint8Array>): Promise<void> {
    for (const chunk of chunks) {
      if (this.gone) return
      await this.write(chunk)
      await turn()
    }
  }

  /** Writes the frames at the wire's pace, or another one. */
  async send (frames: Iterable<string> = this.frames, paceMs = this.paceMs): Promise<void> {
    let first = true
    for (const frame of frames) {
      if (!first && paceMs > 0) await this.pause(paceMs)
      if (this.gone) return
      await this.write(frame)
      first = false
    }
  }

  async pause (ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#gone.signal, ref: false }).catch(ignoreGone)
  }

  /** Lets nothing happen until the client goes away. */
  async hang (): Promise<void> {
    if (!this.gone) await once(this.#gone.signal, 'abort')
  }

  /** The API's way to fail: an event where a stream has begun, an answer with a status where none has. */
  async fail (error: ApiError): Promise<void> {
    const body = error.toBody(this.#requestId) as { type: string }
    if (!this.streaming) this.open({ ...error.headers, 'content-type': 'application/json' }, error.statusCode)
    await this.write(this.streaming ? event(body) : JSON.stringify(body))
    this.end()
  }

  /** Ends the answer as HTTP wants it. */
  end (): void {
    if (this.gone) return
    this.open()
    this.#raw.end()
  }

  /** Closes the connection behind what was written; a chunked body then lacks its last chunk. */
  close (): void {
    this.cut = true
    this.#flushed(() => this.#raw.socket?.end())
  }

  /** Resets the connection behind what was written. */
  reset (): void {
    this.cut = true
    this.#flushed(() => this.#raw.socket?.resetAndDestroy())
  }

  /** Runs the action when the bytes so far are with the kernel: an earlier end would take them along. */
  #flushed (action: () => void): void {
    if (this.gone) return
    if (this.#raw.headersSent) this.#raw.socket?.write('', action)
    else action()
  }
}

function ignoreGone (error: Error): void {
  if (error.name !== 'AbortError') throw error
}
