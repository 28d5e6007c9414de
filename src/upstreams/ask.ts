import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { GatewayError } from '../errors.ts'
import type { KeyPool, Lease } from '../plugins/key-pool.ts'
import { faultOf } from './faults.ts'
import { upstreamHeaders } from './headers.ts'
import { busy, connectionFault, notOurs } from './upstream-errors.ts'

/** The largest answer that is read whole, in bytes. */
const LIMIT = 4 * 1024 * 1024
/** Keys that one question may be asked with. */
const MOST_ATTEMPTS = 3

/** An upstream's answer, whole. */
export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

/** Who answered, where that matters. */
export interface Asked extends Answer {
  keyId: string
  workspace: string
}

/** A question whose answer is small. */
export interface Question {
  method?: 'GET' | 'POST' | 'DELETE'
  /** Path and query, built by the caller from constants and checked values. */
  path: string
  /** The client's. */
  headers: IncomingHttpHeaders
  /** The only workspace whose keys will do. */
  workspace?: string
  /** Sent as it comes; such a question is asked once. */
  body?: AsyncIterable<Buffer>
  /** Takes down which keys were passed over and why, and which were used. */
  trail?: string[]
  /** Gives the question up. Its reason is what is thrown. */
  signal?: AbortSignal
}

export interface AskDeps {
  keyPool: Pick<KeyPool, 'acquire'>
  dispatcher: Dispatcher
  origin: string
  /** What stands before every path. */
  prefix: string
  /** How long a question without a body may take in all, in milliseconds. */
  timeout: number
  isFull: () => boolean
  onStart: () => void
  onDone: () => void
}

/** Asks the API for what is small, and waits for the whole answer. */
export function createAsk (deps: AskDeps) {
  const { keyPool, dispatcher, origin, prefix, timeout, isFull, onStart, onDone } = deps

  /** @returns the answer, and whether another key may do better */
  async function once (question: Question, lease: Lease): Promise<Asked & { another: boolean }> {
    const { method = 'GET', path, headers, body, signal = null } = question
    const limit = body === undefined ? AbortSignal.timeout(timeout) : null
    onStart()
    try {
      const { statusCode: status, headers: got, body: answered } = await dispatcher.request({
        origin,
        path: prefix + path,
        method,
        headers: { ...upstreamHeaders(headers, lease.key), ...lengthOf(headers, body) },
        body: body === undefined ? null : body as unknown as Dispatcher.DispatchOptions['body'],
        signal: signal !== null && limit !== null ? AbortSignal.any([signal, limit]) : signal ?? limit
      })
      const answer = { status, headers: got, body: await wholeBody(answered) }
      lease.learn(got)
      const fault = faultOf({ endpoint: 'other', status, headers: got, bytes: answer.body }, Date.now())
      lease.settle(fault === null ? { kind: 'ok' } : { kind: 'fault', fault })
      const foreign = notOurs(answer)
      if (foreign !== null) throw foreign
      return { ...answer, keyId: lease.keyId, workspace: lease.workspace, another: fault?.row.kind === 'credential' || fault?.row.kind === 'quota' }
    } catch (error) {
      const given = signal?.aborted === true ? signal.reason as unknown : error
      // What the gateway itself ended is not the key's doing.
      const isOurs = given instanceof GatewayError
      const fault = isOurs ? given : connectionFault(given as Error, false)
      lease.settle({ kind: 'none', reason: isOurs ? null : fault.message })
      throw fault
    } finally {
      onDone()
    }
  }

  /**
   * A question that a key's fault keeps from being answered is asked with another key.
   * @throws GatewayError when no key can be lent or the upstream cannot be reached
   */
  return async function ask (question: Question): Promise<Asked> {
    const { workspace, trail } = question
    const tried = new Set<string>()
    let answer: Asked & { another: boolean } | undefined
    do {
      try {
        if (isFull()) throw busy()
        const lease = keyPool.acquire({ model: '', workspace, tried, trail })
        tried.add(lease.keyId)
        answer = await once(question, lease)
      } catch (error) {
        // What the upstream said to the first key is more than that the second could not be asked.
        if (answer === undefined) throw error
        return answer
      }
    } while (answer.another && question.body === undefined && tried.size < MOST_ATTEMPTS)
    return answer
  }
}

/** A length that the client told is told on: undici holds the body to it. */
function lengthOf (headers: IncomingHttpHeaders, body: unknown): Record<string, string> {
  const length = headers['content-length']
  return body === undefined || length === undefined ? {} : { 'content-length': length }
}

/** @throws GatewayError when the answer is not small */
async function wholeBody (body: Dispatcher.ResponseData['body']): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LIMIT) {
      throw new GatewayError('api_error', 'The upstream\'s answer is larger than such an answer can be.', { status: 502, code: 'upstream_too_large' })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
