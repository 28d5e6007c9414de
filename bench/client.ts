import { CASE_HEADER } from './cases.ts'
import type { Child } from './children.ts'
import { VoidRun, type Request } from './load.ts'

/** The headers of an ordinary client. `caseName` tells the upstream of a run what to answer. */
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

/** A request to one of the servers of a run. */
export function requestTo ({ origin, token }: Pick<Child, 'origin' | 'token'>, caseName: string, { body, length, nonce, path = '/v1/messages' }: {
  body: Buffer
  /** Of the answer, in bytes. */
  length: number
  nonce: string
  path?: string
}): Request {
  return { origin, path, headers: clientHeaders(token, caseName), body, expected: { length, nonce } }
}

/**
 * The length of an answer that came to its end, for answers whose bytes the gateway makes: ids and times in them have always as many digits.
 * @param end what a whole answer ends with
 * @throws VoidRun when it is no such answer
 */
export async function learnLength ({ origin, path, headers, body, expected }: Request, end: string): Promise<number> {
  const response = await fetch(origin + path, { method: 'POST', headers, body: new Uint8Array(body) })
  const text = await response.text()
  if (response.status === 200 && text.endsWith(end) && text.includes(expected.nonce)) return Buffer.byteLength(text)
  throw new VoidRun(`${path} answered ${response.status}: ${text.slice(-200)}`, { status: response.status })
}
