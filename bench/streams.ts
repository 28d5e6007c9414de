import type { Child } from './children.ts'
import { clientHeaders } from './client.ts'
import { smallRequest } from './cases.ts'
import { dispatchOptions, poolFor, VoidRun } from './load.ts'
import { STAMP_DIGITS, STAMP_MARK } from './pace.ts'
import { sharedClock } from './targets/probe.ts'

/** Streams being opened at one time. */
const OPENING = 64

/** Open streams, all being read. */
export interface OpenStreams extends AsyncDisposable {
  /** Bytes that came so far, over all streams. */
  bytes (): number
  /** Streams that have not ended. */
  running (): number
  /** Opens more; resolves when each has begun. */
  open (count: number): Promise<void>
  /** How long events were on their way, in milliseconds, since it was last asked. */
  delays (): number[]
}

export type StreamTarget = Pick<Child, 'origin' | 'token'> & { path?: string, headers?: Record<string, string> }

/**
 * Makes ready to hold streams open. They are cut off when disposed of.
 * @param most how many there will be
 * @param caseName what the upstream is asked for
 * @throws VoidRun, from `open`, when one is not answered 200
 */
export function makeStreams (target: StreamTarget, most: number, caseName: string): OpenStreams {
  const request = {
    path: target.path ?? '/v1/messages', headers: { ...clientHeaders(target.token, caseName), ...target.headers }, body: smallRequest(true)
  }
  const pool = poolFor(target, most, { bodyTimeout: 0, headersTimeout: 30_000 })
  let [bytes, running] = [0, 0]
  let delays: number[] = []

  function openOne (): Promise<void> {
    return new Promise((resolve, reject) => {
      let open = false
      pool.dispatch(dispatchOptions(request), {
        onRequestStart () {},
        onResponseStart (_controller, status) {
          if (status !== 200) return reject(new VoidRun(`a stream was answered ${status}`, { status }))
          open = true
          running++
        },
        onResponseData (_controller, chunk) {
          bytes += chunk.length
          const sent = stampIn(chunk)
          if (sent !== undefined) delays.push((sharedClock() - sent) / 1_000)
          resolve()
        },
        onResponseEnd () { if (open) running-- },
        onResponseError (_controller, cause) {
          if (open) running--
          reject(new VoidRun('a stream broke', { cause }))
        }
      })
    })
  }

  return {
    bytes: () => bytes,
    running: () => running,
    async open (count) {
      let opened = 0
      const inTurn = async () => {
        while (opened++ < count) await openOne()
      }
      await Promise.all(Array.from({ length: OPENING }, inTurn))
    },
    delays () {
      const taken = delays
      delays = []
      return taken
    },
    [Symbol.asyncDispose]: () => pool.destroy()
  }
}

/** When the first event of a chunk was written, on the clock that all processes share; undefined where none says so. */
function stampIn (chunk: Buffer): number | undefined {
  const at = chunk.indexOf(STAMP_MARK, 0, 'latin1')
  if (at === -1) return undefined
  return Number(chunk.toString('latin1', at + STAMP_MARK.length, at + STAMP_MARK.length + STAMP_DIGITS))
}
