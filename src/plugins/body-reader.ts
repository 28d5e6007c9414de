import { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { errorCodes } from 'fastify'
import { giveBack } from '../upstreams/large-body.ts'

/** A body that is no larger is given its room at once; of a larger one so much must have come first. In bytes. */
const FIRST_ROOM = 1024 * 1024

type Done = (error: Error | null, bytes?: Buffer) => void

/**
 * Reads a request's body into one Buffer. Fastify's own reader keeps all pieces and joins them at the end: twice the memory, and what the collector
 * has to do for it costs more than the rest of a large request. Here each piece is copied when it comes, and its memory given back.
 * @param limit the largest body that is accepted, in bytes
 * @param done called once, with Fastify's errors, or with the bytes
 */
export function readBody (request: FastifyRequest, payload: NodeJS.ReadableStream, limit: number, done: Done): void {
  const announced = Number(request.headers['content-length'] ?? NaN)
  if (announced > limit) return done(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE())
  const body = new Body(announced, request.raw.socket instanceof Socket)

  function onData (chunk: Buffer): void {
    if (body.length + chunk.length > limit) return end(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE())
    body.add(chunk)
  }

  function onEnd (): void {
    const whole = Number.isNaN(announced) || announced === body.length
    end(whole ? null : new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH())
  }

  function onError (error: Error & { statusCode?: number }): void {
    error.statusCode ??= 400
    end(error)
  }

  function end (error: Error | null): void {
    payload.removeListener('data', onData)
    payload.removeListener('end', onEnd)
    payload.removeListener('error', onError)
    if (error !== null) done(error)
    else done(null, body.bytes())
  }

  payload.on('data', onData)
  payload.on('end', onEnd)
  payload.on('error', onError)
}

class Body {
  length = 0
  readonly #announced: number
  readonly #ours: boolean
  /** What has come, alone as long as it is one piece. */
  #room: Buffer | null = null

  /**
   * @param announced the length of the whole; NaN where nobody said it
   * @param ours whether the pieces are nobody else's: Node makes one of its own for each read from a connection
   */
  constructor (announced: number, ours: boolean) {
    this.#announced = announced
    this.#ours = ours
  }

  add (chunk: Buffer): void {
    const length = this.length + chunk.length
    // Whatever else might have a view of the same memory.
    const ours = this.#ours && chunk.byteLength === chunk.buffer.byteLength
    if (this.#room === null) {
      this.#room = ours ? chunk : ownCopy(chunk)
    } else {
      if (this.#room.length < length) this.#grow(length)
      this.#room.set(chunk, this.length)
      if (ours) giveBack(chunk)
    }
    this.length = length
  }

  bytes (): Buffer {
    return this.#room === null ? Buffer.alloc(0) : this.#room.subarray(0, this.length)
  }

  /** The announced length is believed when it is small or a good part of it has come: a few bytes must not make the gateway keep many free. */
  #nextRoom (least: number): number {
    if (Number.isNaN(this.#announced)) return 2 * this.length
    return this.#announced <= FIRST_ROOM || least > FIRST_ROOM ? this.#announced : FIRST_ROOM
  }

  #grow (least: number): void {
    const before = this.#room!
    const room = Buffer.allocUnsafeSlow(Math.max(least, this.#nextRoom(least)))
    room.set(before.subarray(0, this.length))
    this.#room = room
    giveBack(before)
  }
}

/** Not out of Buffer's pool: its memory will be given back. */
function ownCopy (bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}
