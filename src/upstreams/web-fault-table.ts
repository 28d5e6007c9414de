/**
 * What a failure of claude.ai means, as data: decided by evidence, since a refusal has many reasons there and few of them are the session's
 * fault. `docs/web-mode.md` is checked against it. The first row that fits decides.
 */

/**
 * What it comes to: `dead`, `disabled` and `wrong_org` are true of the session as it is stored; `rate_limited` of the session for a time;
 * `model_unavailable` of its plan; `challenge` of the network; the rest of the request or the moment.
 */
export type WebFaultKind =
  | 'dead' | 'wrong_org' | 'model_unavailable' | 'challenge' | 'rate_limited' | 'too_long' | 'disabled' | 'conversation_gone' | 'request' | 'upstream'

/** All that is given must fit. */
export interface WebFaultPattern {
  /** A status, or the first and last of a range; an error in the middle of a stream has none. */
  status?: number | readonly [first: number, last: number]
  /** `error.type` */
  type?: RegExp
  /** `error.details.error_code`, or `error.error_code` */
  code?: RegExp
  /** `error.message` */
  message?: RegExp
  /** A header, and what it says. */
  header?: readonly [name: string, value: RegExp]
  /** The header `content-type`. */
  contentType?: RegExp
  /** Whether the body must be empty. */
  empty?: true
}

export interface WebFaultRow {
  name: string
  when: WebFaultPattern
  kind: WebFaultKind
  /** What it means, in an operator's words. */
  meaning: string
}

const row = (name: string, when: WebFaultPattern, kind: WebFaultKind, meaning: string): WebFaultRow => ({ name, when, kind, meaning })

const CHALLENGE = 'claude.ai asks for a browser check; the session is fine'
const LIMITED = 'the session has used up what its plan allows for now'
const NO_MODEL = 'the plan of the session does not include the model'
const DEAD = 'the session is signed out or has expired'
const DISABLED = 'the account or its organisation has been disabled'
const GONE = 'the conversation is not there any more'
const TOO_LONG = 'the request is longer than the model takes'

/** Sources: public clients' code and published captures, March to September 2026. */
export const WEB_FAULTS: readonly WebFaultRow[] = [
  row('session_invalid', { code: /^account_session_(?:invalid|expired)$/ }, 'dead', DEAD),
  row('model_code', { code: /^model_not_(?:allowed|available)$/ }, 'model_unavailable', NO_MODEL),
  row('conversation_code', { code: /^conversation_not_found$/ }, 'conversation_gone', GONE),
  row('mitigated', { header: ['cf-mitigated', /\S/] }, 'challenge', CHALLENGE),
  row('redirect', { status: [300, 399] }, 'challenge', 'claude.ai answers with a redirect, which is never followed: it blocks this client; the session is fine'),
  row('page', { status: [200, 499], contentType: /^text\/html\b/i }, 'challenge', 'claude.ai shows a page where it should send data: it blocks this client; the session is fine'),
  row('overloaded', { type: /^overloaded_error$/ }, 'upstream', 'claude.ai is overloaded'),
  row('server_error', { status: [500, 599] }, 'upstream', 'claude.ai failed'),
  row('disabled', { message: /\b(?:organization|account) (?:has been|is|was) (?:disabled|suspended|banned)/i }, 'disabled', DISABLED),
  row('wrong_organization', { message: /invalid authorization for organization/i }, 'wrong_org', 'the session does not belong to the organisation that is stored with it'),
  row('invalid_authorization', { type: /^(?:authentication|permission)_error$/, message: /^\s*invalid authorization\W*$/i }, 'dead', DEAD),
  row('rate_limit', { status: 429 }, 'rate_limited', LIMITED),
  row('rate_limit_event', { type: /^rate_limit_error$/ }, 'rate_limited', LIMITED),
  row('too_large', { status: 413 }, 'too_long', TOO_LONG),
  row('too_long', { message: /(?:prompt|conversation|message|input) (?:is|are|was) too long|exceeds? (?:the )?(?:context|length|maximum length)/i }, 'too_long', TOO_LONG),
  row('model_unavailable', { message: /\bmodel\b.{0,40}(?:n['’]t|not) (?:currently )?(?:available|allowed|found|exist)|^\s*invalid model\b|model_not_allowed/i }, 'model_unavailable', NO_MODEL),
  row('unauthenticated', { type: /^authentication_error$/ }, 'dead', DEAD),
  row('unauthorized', { status: 401, type: /\w/ }, 'dead', DEAD),
  row('conversation', { message: /conversation.{0,40}(?:not found|does(?:n['’]t| not) exist|deleted)|conversation_not_found/i }, 'conversation_gone', GONE),
  row('conversation_type', { type: /^(?:conversation_)?not_found(?:_error)?$/ }, 'conversation_gone', GONE),
  row('empty_refusal', { status: 400, empty: true }, 'conversation_gone', 'refused without a word, as it is done with a conversation that was never begun'),
  row('forbidden', { status: 403 }, 'upstream', 'refused without saying that the session is the reason, so it is not held against it'),
  row('request', { type: /^invalid_request_error$/ }, 'request', 'the request is at fault'),
  row('refused', { status: [400, 499], type: /\w/ }, 'request', 'the request is at fault'),
  row('unknown', {}, 'upstream', 'claude.ai failed in a way that is not known')
]
