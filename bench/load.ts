import { setTimeout as sleep } from 'node:timers/promises'
import { Pool, type Dispatcher } from 'undici'

/** What each answer of a run must be. */
export interface Expected {
  /** In bytes. */
  length: number
  /** A text that only the upstream of this run knows. */
  nonce: string
}

/** What is sent, and where to. */
export interface Request {
  origin: string
  path: string
  headers: Record<string, string>
  body: Buffer
  expected: Expected
  /** The certificate that vouches for the origin, in PEM; where the origin has TLS. */
  ca?: string
}

export interface LoadOptions {
  connections: number
  requests: number
  /**
   * Requests per second over all connections. A request that is late because its connection was busy counts from when it was due.
   * When left out, each connection sends its next request as soon as it has the last answer.
   */
  rate?: number
}

/** What a load saw. Times are in milliseconds, from when a request was due. */
export interface Load {
  requests: number
  seconds: number
  /** To the first byte of the body; empty where the loader cannot tell. */
  firstByte: number[]
  total: number[]
}

/** A run with an answer that was not expected says nothing: a fast error is not a fast answer. */
export class VoidRun extends Error {
  override name = 'VoidRun'
  /** Of the answer; 0 where there was none. */
  readonly status: number
  /** Who answered, where several take turns. */
  who = ''

  constructor (message: string, { status = 0, cause }: { status?: number, cause?: unknown } = {}) {
    super(`the run is void: ${message}`, { cause })
    this.status = status
  }
}

/**
 * Sends a bounded number of requests over keep-alive connections.
 * @throws VoidRun at the first answer with another status, another length, or without the nonce
 */
export async function load (request: Request, options: LoadOptions): Promise<Load> {
  const { connections, requests, rate } = options
  const pool = poolFor(request, connections)
  const result: Load = { requests, seconds: 0, firstByte: [], total: [] }
  const start = performance.now()
  let sent = 0

  async function connection (): Promise<void> {
    while (sent < requests) {
      const from = await turn(start, sent++, rate)
      const first = await expectAnswer(pool, request)
      result.firstByte.push(first - from)
      result.total.push(performance.now() - from)
    }
  }

  try {
    await Promise.all(Array.from({ length: connections }, connection))
    result.seconds = (performance.now() - start) / 1_000
    return result
  } finally {
    await pool.destroy()
  }
}

/** Keep-alive connections to where a request goes; certificates are verified. */
export function poolFor ({ origin, ca }: Pick<Request, 'origin' | 'ca'>, connections: number, options: Pool.Options = {}): Pool {
  return new Pool(origin, { connections, pipelining: 1, allowH2: false, ...ca !== undefined && { connect: { ca } }, ...options })
}

export function dispatchOptions ({ path, headers, body }: Pick<Request, 'path' | 'headers' | 'body'>): Dispatcher.DispatchOptions {
  return { path, method: 'POST', headers, body }
}

/** Waits until request number `index` is due. @returns the moment from which its time counts */
async function turn (start: number, index: number, rate: number | undefined): Promise<number> {
  if (rate === undefined) return performance.now()
  const due = start + index * 1_000 / rate
  const early = due - performance.now()
  if (early <= 0) return due
  await sleep(early)
  return performance.now()
}

/** @returns when the first byte of the body came */
function expectAnswer (pool: Pool, request: Request): Promise<number> {
  const { nonce, length: expected } = request.expected
  return new Promise((resolve, reject) => {
    let status = 0
    let length = 0
    let first = 0
    let known = false
    pool.dispatch(dispatchOptions(request), {
      onRequestStart () {},
      onResponseStart (_controller, code) { status = code },
      onResponseData (_controller, chunk) {
        if (first === 0) first = performance.now()
        if (!known) known = chunk.includes(nonce, 0, 'latin1')
        length += chunk.length
      },
      onResponseEnd () {
        if (status === 200 && length === expected && known) return resolve(first)
        const from = known ? '' : ', not from the upstream of this run,'
        reject(new VoidRun(`an answer${from} came with status ${status} and ${length} bytes, not 200 and ${expected}`, { status }))
      },
      onResponseError (_controller, cause) { reject(new VoidRun('a request failed', { cause })) }
    })
  })
}
