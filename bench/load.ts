import { setTimeout as sleep } from 'node:timers/promises'
import { Pool, type Dispatcher } from 'undici'
import { CASE_HEADER, type Case, type CaseName } from './cases.ts'
import type { Child } from './children.ts'

export interface LoadOptions {
  connections: number
  requests: number
  /**
   * Requests per second over all connections. A request that is late because its connection was busy counts from when it was due.
   * When left out, each connection sends its next request as soon as it has the last answer.
   */
  rate?: number
}

/** The headers of an ordinary client. */
export function clientHeaders (token: string, caseName: string): Record<string, string> {
  return {
    authorization: `Bearer ${token}`,
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': 'ccproxy-bench/1.0',
    'anthropic-version': '2023-06-01',
    [CASE_HEADER]: caseName
  }
}

/**
 * Sends a bounded number of requests over keep-alive connections.
 * @returns the time to each whole answer, in milliseconds
 * @throws Error at the first answer that is not the one expected: such a run says nothing
 */
export async function load (target: Child, name: CaseName, { body, answer }: Case, options: LoadOptions): Promise<number[]> {
  return send(target.origin, { path: '/v1/messages', method: 'POST', headers: clientHeaders(target.token, name), body }, answer.length, options)
}

/**
 * The same for any request.
 * @param length of every answer, in bytes
 */
export async function send (origin: string, request: Dispatcher.DispatchOptions, length: number, options: LoadOptions): Promise<number[]> {
  const { connections, requests, rate } = options
  const pool = new Pool(origin, { connections, pipelining: 1, allowH2: false })
  const times: number[] = []
  const start = performance.now()
  let sent = 0

  async function connection (): Promise<void> {
    while (sent < requests) {
      const from = await turn(start, sent++, rate)
      await expectAnswer(pool, request, length)
      times.push(performance.now() - from)
    }
  }

  try {
    await Promise.all(Array.from({ length: connections }, connection))
    return times
  } finally {
    await pool.destroy()
  }
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

function expectAnswer (pool: Pool, request: Dispatcher.DispatchOptions, expected: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let status = 0
    let length = 0
    pool.dispatch(request, {
      onRequestStart () {},
      onResponseStart (_controller, code) { status = code },
      onResponseData (_controller, chunk) { length += chunk.length },
      onResponseEnd () {
        if (status === 200 && length === expected) resolve()
        else reject(new Error(`the run is void: an answer came with status ${status} and ${length} bytes, not 200 and ${expected}`))
      },
      onResponseError (_controller, error) { reject(new Error('the run is void: a request failed', { cause: error })) }
    })
  })
}
