import { gzipSync } from 'node:zlib'
import { ApiError } from './api-error.ts'
import type { Wire } from './wire.ts'

/** What a fault may be told: its parameters are numbers, each with a default, and `now` is epoch milliseconds. */
export interface FaultContext {
  number: (parameter: string, fallback: number) => number
  now: number
}

/** A fault either answers in place of the API, or has its own way of sending what the API would have answered. */
export interface Fault {
  does: string
  answer?: (context: FaultContext) => ApiError
  deliver?: (wire: Wire, context: FaultContext) => Promise<void>
}

const RATE_LIMIT = 'This request would exceed your organization\'s rate limit of 4,000 requests per minute. For details, refer to: ' +
  'https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage. Please reduce the prompt length or the ' +
  'maximum tokens requested, or try again later.'
const overloaded = () => new ApiError('overloaded_error', 'Overloaded')

/**
 * All faults, by the name that chooses them. Parameters: `retry-after` (seconds) of the 429s, `ms` of `pause` and `slow`; `times` and `after` work
 * on all.
 * The wording and headers are the real API's. Source: Anthropic API errors page; clients match parts of these texts.
 */
export const FAULTS: Record<string, Fault> = {
  400: { does: 'an invalid request', answer: () => new ApiError('invalid_request_error', 'messages.0.content: Input should be a valid list') },
  401: { does: 'a key that is not known', answer: () => new ApiError('authentication_error', 'invalid x-api-key') },
  403: {
    does: 'a key without permission',
    answer: () => new ApiError('permission_error', 'Your API key does not have permission to use the specified resource.')
  },
  404: { does: 'a model that does not exist', answer: () => new ApiError('not_found_error', 'model: claude-unknown') },
  413: { does: 'a request that is too large', answer: () => new ApiError('request_too_large', 'Request exceeds the maximum size') },
  429: { does: 'a rate limit, retry-after in seconds', answer: (context) => rateLimited(String(retryAfter(context))) },
  '429-date': {
    does: 'a rate limit, retry-after as an HTTP date',
    // Dates have whole seconds: rounding down would ask for less than the wait.
    answer: (context) => rateLimited(new Date(Math.ceil(context.now / 1_000 + retryAfter(context)) * 1_000).toUTCString())
  },
  '429-none': { does: 'a spend limit: 429 without retry-after', answer: () => new ApiError('rate_limit_error', RATE_LIMIT) },
  500: { does: 'an internal error', answer: () => new ApiError('api_error', 'Internal server error') },
  529: { does: 'an overloaded API', answer: overloaded },
  credit: {
    does: 'an account without credit',
    answer: () => new ApiError('invalid_request_error', 'Your credit balance is too low to access the Anthropic API. ' +
      'Please go to Plans & Billing to upgrade or purchase credits.')
  },
  'prompt-too-long': {
    does: 'a prompt beyond the context window',
    answer: () => new ApiError('invalid_request_error', 'prompt is too long: 1000001 tokens > 1000000 maximum')
  },
  'overloaded-first': { does: '200, then an overloaded error as the first event', deliver: (wire) => wire.fail(overloaded()) },
  'error-mid': { does: 'an error event in the middle of the stream', deliver: (wire) => half(wire, () => wire.fail(overloaded())) },
  'reset-before': { does: 'a reset before any header', deliver: async (wire) => wire.reset() },
  'reset-mid': { does: 'a reset in the middle of an event', deliver: (wire) => halfEvent(wire, () => wire.reset()) },
  'close-mid': { does: 'a closed connection in the middle of an event', deliver: (wire) => halfEvent(wire, () => wire.close()) },
  truncate: { does: 'a clean end of the body, too early', deliver: (wire) => half(wire, () => wire.end()) },
  silence: {
    does: 'headers, then nothing',
    deliver: (wire) => {
      wire.flush()
      return wire.hang()
    }
  },
  'silence-mid': { does: 'half of the events, then nothing', deliver: (wire) => half(wire, () => wire.hang()) },
  'silence-before': { does: 'nothing at all', deliver: (wire) => wire.hang() },
  pause: {
    does: 'the first event, a pause, the rest',
    deliver: async (wire, { number }) => {
      const [first = '', ...rest] = wire.frames
      await wire.write(first)
      await wire.pause(number('ms', 2_000))
      await wire.send(rest)
      wire.end()
    }
  },
  slow: {
    does: 'a pause before each event but the first',
    deliver: async (wire, { number }) => {
      await wire.send(wire.frames, number('ms', 200))
      wire.end()
    }
  },
  bytewise: { does: 'one byte a write', deliver: (wire) => apart(wire, (bytes) => Array.from(bytes.keys())) },
  'split-utf8': { does: 'cuts inside every multi-byte character, and inside every event', deliver: (wire) => apart(wire, cutsInside) },
  gzip: {
    does: 'a compressed answer that was not asked for',
    deliver: async (wire) => {
      wire.open({ 'content-encoding': 'gzip' })
      await wire.write(gzipSync([...wire.frames].join('')))
      wire.end()
    }
  },
  html: {
    does: '200 with a page of HTML, as something in between would answer',
    deliver: async (wire) => {
      wire.open({ 'content-type': 'text/html; charset=utf-8' })
      await wire.write('<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head><body>Sign in to go on.</body></html>\n')
      wire.end()
    }
  }
}

const retryAfter = ({ number }: FaultContext): number => number('retry-after', 1)

const rateLimited = (value: string) => new ApiError('rate_limit_error', RATE_LIMIT, { 'retry-after': value })

/** Sends the first half of the frames, or of the only one. */
async function half (wire: Wire, then: () => void | Promise<void>): Promise<void> {
  const frames = wire.streaming ? [...wire.frames] : halves([...wire.frames].join(''))
  await wire.send(frames.slice(0, Math.ceil(frames.length / 2)))
  await then()
}

/** Sends the first half of the frames and half of the next one. */
async function halfEvent (wire: Wire, then: () => void): Promise<void> {
  const frames = wire.streaming ? [...wire.frames] : ['', [...wire.frames].join('')]
  const middle = Math.ceil(frames.length / 2)
  await wire.send(frames.slice(0, middle))
  await wire.write(halves(frames[middle] ?? '')[0]!)
  then()
}

const halves = (text: string): string[] => [text.slice(0, text.length >> 1), text.slice(text.length >> 1)]

/** Sends the body cut at the given places, each piece alone. */
async function apart (wire: Wire, places: (bytes: Buffer, frames: string[]) => number[]): Promise<void> {
  const frames = [...wire.frames]
  const bytes = Buffer.from(frames.join(''))
  const cuts = [...new Set([0, ...places(bytes, frames), bytes.length])].sort((one, other) => one - other)
  await wire.writeApart(cuts.slice(1).map((cut, index) => bytes.subarray(cuts[index], cut)))
  wire.end()
}

function cutsInside (bytes: Buffer, frames: string[]): number[] {
  const cuts: number[] = []
  for (const [at, byte] of bytes.entries()) {
    if ((byte & 0xc0) === 0x80) cuts.push(at)
  }
  let start = 0
  for (const frame of frames) {
    const length = Buffer.byteLength(frame)
    cuts.push(start + (length >> 1))
    start += length
  }
  return cuts
}
