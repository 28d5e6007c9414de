import type { Readable } from 'node:stream'
import { GatewayError } from '../errors.ts'

export interface UploadOptions {
  /** The longest body, in bytes. */
  limit: number
  /** How long the client may send nothing, in milliseconds. Time in which the upstream does not take what came is not counted. */
  idleTimeout: number
  /** Looks at every chunk before it is sent on. @throws to end the upload */
  inspect?: (chunk: Buffer) => Promise<void> | void
}

/**
 * A request's body on its way to the upstream: bounded, timed and looked at, and never held. Whatever ends it early leaves the client's connection
 * open, so that the client can be told why.
 * @throws GatewayError when the body is too long, stops coming, or is refused by `inspect`
 */
export async function * upload (source: Readable, { limit, idleTimeout, inspect }: UploadOptions): AsyncGenerator<Buffer, void, void> {
  const chunks = source.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>
  let length = 0
  for (;;) {
    const { done, value } = await soon(chunks.next().catch(gone), idleTimeout)
    if (done === true) return
    length += value.length
    if (length > limit) throw tooLong(limit)
    await inspect?.(value)
    yield value
  }
}

/** @throws GatewayError 413 when the client says itself that the body is too long */
export function refuseTooLong (contentLength: string | undefined, limit: number): void {
  if (Number(contentLength) > limit) throw tooLong(limit)
}

function tooLong (limit: number): GatewayError {
  return new GatewayError('request_too_large', `The request body is larger than ${Math.floor(limit / 1_048_576)} MiB; send a smaller one.`)
}

/** The client's connection broke: nobody will read this. */
function gone (cause: unknown): never {
  throw new GatewayError('invalid_request_error', 'The request body broke off.', { code: 'client_closed', cause })
}

async function soon<T> (promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new GatewayError('timeout_error', 'The request body stopped coming; send it again.', {
      status: 408, code: 'body_timeout'
    })), ms).unref()
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
