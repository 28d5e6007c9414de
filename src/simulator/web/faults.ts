import { event } from '../events.ts'
import { FAULTS, type Fault, type FaultContext } from '../faults.ts'
import type { Wire } from '../wire.ts'
import type { Endpoint } from './endpoints.ts'
import { limited, limitedInWords, type WebLimit } from './rate-limit.ts'
import * as errors from './web-error.ts'
import type { WebError } from './web-error.ts'

/** The two ways in which a completion is streamed. */
export type EventStyle = 'messages' | 'legacy'

/** `reset` is epoch seconds: `in` seconds from now, by default one minute. */
export interface WebFaultContext extends FaultContext {
  reset: number
  style: EventStyle
}

/** A fault of claude.ai: it answers in place of the site, or has its own way of sending what the site would have answered. */
export interface WebFault {
  does: string
  /** Where a key with its name meets it. A test can have it anywhere. */
  at: Endpoint
  answer?: (context: WebFaultContext) => WebError
  deliver?: (wire: Wire, context: WebFaultContext) => Promise<void>
}

const OVERLOADED = { type: 'overloaded_error', message: 'Overloaded' }
const internal = () => errors.refusal('api_error', 'Internal server error')
const limit = (does: string, more: (context: WebFaultContext) => Partial<WebLimit>): WebFault =>
  ({ does, at: 'completion', answer: (context) => limited({ resetsAt: context.reset, ...more(context) }) })

/** Ways of delivery that are the same for any stream. */
const DELIVERIES = [
  'reset-before', 'reset-mid', 'close-mid', 'truncate', 'silence', 'silence-mid', 'silence-before', 'pause', 'slow', 'bytewise', 'split-utf8', 'gzip', 'html'
]

/**
 * All faults of claude.ai, by the name that chooses them. Parameters: `in` (seconds until the reset) of the limits, `ms` of `pause` and `slow`.
 * Source: bodies and headers as public clients recorded them.
 */
export const WEB_FAULTS: Record<string, WebFault> = {
  unauthenticated: { does: '401 Invalid authorization', at: 'completion', answer: errors.unauthenticated },
  'session-invalid': { does: '403 account_session_invalid: the session has ended', at: 'completion', answer: errors.sessionInvalid },
  'wrong-organization': { does: '403 for the organization', at: 'completion', answer: errors.wrongOrganization },
  'model-not-in-plan': { does: '403 for the model: the plan lacks it', at: 'completion', answer: errors.modelNotInPlan },
  'invalid-model': { does: '403 for the model: there is none of that name', at: 'completion', answer: errors.unknownModel },
  'bare-403': { does: '403 that does not say why', at: 'completion', answer: () => new errors.WebError(403, 'Forbidden', { 'content-type': 'text/plain' }) },
  challenge: { does: 'the page of a bot check', at: 'completion', answer: errors.challenge },
  redirect: {
    does: '302 to a login page',
    at: 'completion',
    answer: () => new errors.WebError(302, '', { location: 'https://claude.invalid/login' })
  },
  'org-disabled': { does: '400: the organization has been disabled', at: 'completion', answer: errors.disabledOrganization },
  'empty-400': { does: '400 without a body', at: 'completion', answer: errors.emptyRefusal },
  'not-found': { does: '404: the conversation is gone', at: 'completion', answer: errors.conversationNotFound },
  'too-long': { does: '400: the prompt is too long', at: 'completion', answer: () => errors.refusal('invalid_request_error', 'prompt is too long') },
  'conversation-too-long': {
    does: '400: the conversation is too long',
    at: 'completion',
    answer: () => errors.refusal('invalid_request_error', 'This conversation is too long to continue. Start a new chat.')
  },
  413: { does: '413: the prompt is too long', at: 'completion', answer: () => errors.refusal('request_too_large', 'prompt is too long') },
  limit: limit('429, five hours\' worth is used, resetsAt in seconds', () => ({})),
  'limit-ms': limit('429, resetsAt in milliseconds', () => ({ form: 'milliseconds' })),
  'limit-rfc3339': limit('429, resetsAt as RFC 3339', () => ({ form: 'rfc3339' })),
  'limit-outside': limit('429, resets_at beside the message', () => ({ form: 'outside' })),
  'limit-far': limit('429, resetsAt three weeks away', ({ now }) => ({ resetsAt: Math.ceil(now / 1_000) + 21 * 86_400 })),
  'limit-week': limit('429, seven days\' worth is used', () => ({ claim: 'seven_day' })),
  'limit-model': limit('429 for one model only', () => ({ model: 'the one that was asked for' })),
  concurrents: limit('429, too many streams at once', () => ({ claim: 'concurrents', form: 'absent' })),
  'limit-words': { does: '429 in plain English', at: 'completion', answer: () => limitedInWords() },
  'limit-header': {
    does: '429 with anthropic-ratelimit-unified-reset',
    at: 'completion',
    answer: ({ reset }) => limitedInWords({ 'anthropic-ratelimit-unified-reset': String(reset) })
  },
  'limit-retry-after': {
    does: '429 with retry-after in seconds',
    at: 'completion',
    answer: ({ number }) => limitedInWords({ 'retry-after': String(number('in', 60)) })
  },
  'limit-retry-date': {
    does: '429 with retry-after as an HTTP date',
    at: 'completion',
    answer: ({ reset }) => limitedInWords({ 'retry-after': new Date(reset * 1_000).toUTCString() })
  },
  500: { does: 'an internal error', at: 'completion', answer: internal },
  502: { does: '502 with a page of HTML', at: 'completion', answer: badGateway },
  529: { does: 'an overloaded claude.ai', at: 'completion', answer: () => errors.refusal('overloaded_error', 'Overloaded', { status: 529 }) },
  'error-first': { does: '200, then an error as the first event', at: 'completion', deliver: (wire, { style }) => failing(wire, style) },
  'limit-first': {
    does: '200, then a rate limit as the first event',
    at: 'completion',
    deliver: (wire, { style, reset }) => failing(wire, style, { type: 'rate_limit_error', message: 'Your message limit is reached', resets_at: reset })
  },
  'error-mid': { does: 'an error event behind the first delta', at: 'completion', deliver: midError },
  crlf: { does: 'lines that end in CRLF', at: 'completion', deliver: withCarriageReturns },
  ...Object.fromEntries(DELIVERIES.map((name): [string, WebFault] => [name, { ...FAULTS[name] as Fault, answer: undefined, at: 'completion' }])),
  'organizations-session-invalid': { does: '403 account_session_invalid', at: 'organizations', answer: errors.sessionInvalid },
  'organizations-challenge': { does: 'the page of a bot check', at: 'organizations', answer: errors.challenge },
  'organizations-redirect': { does: '302 to a login page', at: 'organizations', answer: () => new errors.WebError(302, '', { location: '/login' }) },
  'organizations-500': { does: 'an internal error', at: 'organizations', answer: internal },
  'organizations-reset': { does: 'a reset before any header', at: 'organizations', deliver: async (wire) => wire.reset() },
  'create-session-invalid': { does: '403 account_session_invalid', at: 'create', answer: errors.sessionInvalid },
  'create-challenge': { does: 'the page of a bot check', at: 'create', answer: errors.challenge },
  'create-limit': { does: '429', at: 'create', answer: ({ reset }) => limited({ resetsAt: reset }) },
  'create-500': { does: 'an internal error', at: 'create', answer: internal },
  'create-reset': { does: 'made, then a reset in place of the answer', at: 'create', deliver: async (wire) => wire.reset() },
  'upload-413': { does: '413: the file is too large', at: 'upload', answer: () => errors.refusal('request_too_large', 'File is too large') },
  'upload-500': { does: 'an internal error', at: 'upload', answer: internal },
  'upload-reset': { does: 'kept, then a reset in place of the answer', at: 'upload', deliver: async (wire) => wire.reset() },
  'delete-500': { does: 'an internal error', at: 'delete', answer: internal },
  'delete-challenge': { does: 'the page of a bot check', at: 'delete', answer: errors.challenge },
  'delete-reset': { does: 'deleted, then a reset in place of the answer', at: 'delete', deliver: async (wire) => wire.reset() }
}

function badGateway (): WebError {
  return new errors.WebError(502, '<html><body><h1>502 Bad Gateway</h1></body></html>\n', { 'content-type': 'text/html' })
}

/** An error inside the stream: the older style has no type around it. */
async function failing (wire: Wire, style: EventStyle, error: object = OVERLOADED): Promise<void> {
  await wire.write(style === 'messages'
    ? event({ type: 'error', error })
    : `event: completion\ndata: ${JSON.stringify({ error })}\n\n`)
  wire.end()
}

async function midError (wire: Wire, { style }: WebFaultContext): Promise<void> {
  await sendFirstWords(wire, wire.frames[Symbol.iterator]())
  await failing(wire, style)
}

/** Sends the events up to the first that says something; the others are still to be taken. */
export async function sendFirstWords (wire: Wire, frames: Iterator<string>): Promise<void> {
  for (let next = frames.next(); next.done !== true; next = frames.next()) {
    await wire.send([next.value])
    if (/"(?:text_delta|thinking_delta)"|"completion":"./.test(next.value)) return
  }
}

async function withCarriageReturns (wire: Wire): Promise<void> {
  await wire.send(mapped(wire.frames, (frame) => frame.replaceAll('\n', '\r\n')))
  wire.end()
}

function * mapped<T> (items: Iterable<T>, change: (item: T) => T): Generator<T> {
  for (const item of items) yield change(item)
}
