import autocannon from 'autocannon'
import { VoidRun, type Load, type LoadOptions, type Request } from './load.ts'

/** How often it looks whether it is done, in milliseconds. */
const LOOK = 20

/**
 * The same as `load`, by autocannon: as fast as each connection is answered. It takes answers as a whole, so that it serves where an answer is
 * one piece of JSON; it does not verify certificates, so that it is given plain HTTP only.
 * @throws VoidRun at any answer but the one expected
 */
export async function cannon ({ origin, path, headers, body, expected }: Request, { connections, requests }: LoadOptions): Promise<Load> {
  if (!origin.startsWith('http:')) throw new Error('autocannon would not verify the certificate')
  const total: number[] = []
  const start = performance.now()
  let end = start
  const result = await autocannon({
    url: origin + path,
    method: 'POST',
    headers: { ...headers },
    body,
    connections: Math.min(connections, requests),
    amount: requests,
    verifyBody: (text = '') => String(text).includes(expected.nonce) && Buffer.byteLength(text) === expected.length,
    setupClient (client) {
      client.on('response', (_status, _bytes, time) => {
        total.push(time)
        end = performance.now()
      })
    },
    sampleInt: LOOK
  })
  const bad = result.non2xx + result.errors + result.timeouts + result.mismatches
  if (bad > 0 || total.length !== requests) {
    const status = Number(Object.keys(result.statusCodeStats ?? {}).find((code) => code !== '200') ?? 200)
    throw new VoidRun(`${bad} of ${requests} answers were not those expected, one with status ${status}`, { status })
  }
  return { requests, seconds: (end - start) / 1_000, firstByte: [], total }
}
