import { GatewayError } from '../errors.ts'
import type { WebFaultKind } from './web-fault-table.ts'
import type { WebFault } from './web-faults.ts'

/** What is known where a fault is told to a client. */
export interface WebErrorContext {
  /** The model, by the client's name for it. */
  model: string
  /** The plan of the session, where it is known. */
  plan?: string | null
  /** The session's id, for the mend. */
  session?: string | null
  /** Epoch milliseconds. */
  now: number
}

type Teller = (fault: WebFault, context: WebErrorContext) => GatewayError

const TELLERS: Readonly<Record<WebFaultKind, Teller>> = {
  dead: (_fault, context) => broken('web_session_dead', 'is signed out or has expired', context),
  disabled: (_fault, context) => broken('web_session_disabled', 'belongs to an account that has been disabled', context),
  wrong_org: (_fault, context) => broken('web_wrong_organization', 'does not belong to the organisation that is stored with it', context),
  model_unavailable: (_fault, { model, plan }) => new GatewayError(
    'not_found_error', `model: ${model} is not available in ${plan ? `the plan of this session (${plan})` : 'the plan of this session'}; choose another model, or use API mode (X-Proxy-Mode: api).`,
    { code: 'model_not_found', param: 'model' }),
  challenge: ({ row }) => new GatewayError(
    'api_error', `${row.meaning}. Use API mode (X-Proxy-Mode: api), or run the gateway in another network.`,
    { status: 503, code: 'web_challenge', retryable: false }),
  rate_limited: limited,
  too_long: () => new GatewayError(
    'invalid_request_error', 'prompt is too long: claude.ai takes no request of this length from this session; compact the conversation, or begin a new one.',
    { code: 'web_too_long', param: 'messages' }),
  conversation_gone: () => new GatewayError(
    'api_error', 'claude.ai does not have the conversation any more; send the request again.', { status: 502, code: 'web_conversation_gone' }),
  request: ({ text }) => new GatewayError(
    'invalid_request_error', `claude.ai refused the request${words(text)}`, { code: 'web_request_refused' }),
  upstream: ({ row, text }) => row.name === 'overloaded'
    ? new GatewayError('overloaded_error', 'claude.ai is overloaded; try again shortly.', { code: 'web_overloaded' })
    : new GatewayError('api_error', `claude.ai failed${words(text)}`, { status: 502, code: 'web_upstream' })
}

/** How a fault is told to the client, when no other session can take over. */
export function webError (fault: WebFault, context: WebErrorContext): GatewayError {
  return TELLERS[fault.row.kind](fault, context)
}

function broken (code: string, what: string, { session }: WebErrorContext): GatewayError {
  const check = `POST /api/session/${session ?? '{id}'}/check`
  return new GatewayError('api_error', `The claude.ai session of this gateway ${what}; its operator must check it with ${check}, or add a new one with POST /api/session/add.`, {
    status: 503, code, retryable: false
  })
}

function limited ({ until, model: onlyModel, claim }: WebFault, { model, now }: WebErrorContext): GatewayError {
  const retryAfter = Math.max(1, Math.ceil(((until ?? now) - now) / 1_000))
  const what = onlyModel ? `for ${model}` : claim === null ? 'for now' : `(${claim})`
  return new GatewayError('rate_limit_error', `The claude.ai session of this gateway is rate limited ${what}; it is free again in ${retryAfter} s.`, {
    code: 'web_rate_limited', retryAfter
  })
}

function words (text: string | null): string {
  return text === null ? '; it did not say why.' : `: ${text}`
}
