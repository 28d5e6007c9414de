import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { ApiError } from './api-error.ts'

/** Up to this size a file's bytes are kept; of a larger one only its length and its hash. */
const KEPT = 1024 * 1024

export interface FormFile {
  filename: string
  mime_type: string
  size: number
  /** SHA-256 of the whole form's bytes, in hex. */
  sha256: string
  /** Null when it was too large to keep. */
  bytes: Buffer | null
}

/**
 * Reads a form with one part that is a file, as it streams by. Enough for the SDKs and for curl, and no more: the API's own reader takes any form.
 * @throws ApiError 400
 */
export async function readForm (source: Readable | undefined, contentType: string): Promise<FormFile> {
  const boundary = /boundary="?([^";]+)/.exec(contentType)?.[1]
  if (boundary === undefined || source === undefined) throw new ApiError('invalid_request_error', 'file: Field required')
  const hash = createHash('sha256')
  let length = 0
  let start = Buffer.alloc(0)
  let kept: Buffer[] = []
  for await (const chunk of source as AsyncIterable<Buffer>) {
    hash.update(chunk)
    length += chunk.length
    if (start.length < 8_192) start = Buffer.concat([start, chunk])
    if (length <= 2 * KEPT) kept.push(chunk)
    else kept = []
  }
  const head = start.indexOf('\r\n\r\n')
  const headers = start.toString('utf8', 0, Math.max(0, head))
  const filename = /filename="([^"]*)"/.exec(headers)?.[1]
  const tail = Buffer.byteLength(`\r\n--${boundary}--\r\n`)
  const size = length - head - 4 - tail
  if (head === -1 || filename === undefined || size < 0) throw new ApiError('invalid_request_error', 'file: Field required')
  return {
    filename,
    mime_type: /content-type: *([^\r\n]+)/i.exec(headers)?.[1] ?? 'application/octet-stream',
    size,
    sha256: hash.digest('hex'),
    bytes: kept.length === 0 || size > KEPT ? null : Buffer.concat(kept).subarray(head + 4, head + 4 + size)
  }
}
