/**
 * What an upstream's failure means, as data. The pool and the retry loop read this table and hold no rules of their own;
 * `docs/faults.md` is checked against it. The first row that fits decides.
 */

/** Who is at fault. */
export type FaultKind = 'request' | 'credential' | 'quota' | 'platform'

/** What the fault is true of, and so what rests. */
export type FaultScope = 'none' | 'key' | 'key_model' | 'workspace_model' | 'organisation_model' | 'organisation'

/**
 * How long its scope rests: `retry_after` as the upstream says (clamped), `growing` with every fault in a row, `park` until an
 * admin clears it or a slow probe succeeds.
 */
export type FaultPause = 'none' | 'retry_after' | 'growing' | 'park'

/** All that is given must fit. */
export interface FaultPattern {
  endpoint?: 'count_tokens'
  /** A status, or the first and last of a range. */
  status?: number | readonly [first: number, last: number]
  /** `error.type` */
  type?: RegExp
  /** `error.details.error_code` */
  code?: RegExp
  /** `error.message` */
  message?: RegExp
  /** A header that must be absent. */
  without?: string
}

export interface FaultRow {
  name: string
  when: FaultPattern
  kind: FaultKind
  scope: FaultScope
  pause: FaultPause
  /** What it means, in an operator's words. */
  meaning: string
}

const row = (name: string, when: FaultPattern, kind: FaultKind, scope: FaultScope, pause: FaultPause, meaning: string): FaultRow =>
  ({ name, when, kind, scope, pause, meaning })

/** Sources: Anthropic's errors and rate-limits pages, the error codes of `@anthropic-ai/sdk` 1.12. */
export const FAULTS: readonly FaultRow[] = [
  row('count_tokens', { endpoint: 'count_tokens' }, 'request', 'none', 'none',
    'counting tokens failed; it has limits of its own and says nothing about messages'),
  row('overloaded', { type: /^overloaded_error$/ }, 'platform', 'none', 'none', 'the platform is overloaded for everybody'),
  row('credit', { message: /credit balance is too low/i }, 'credential', 'organisation', 'growing', 'the organisation has no credit left'),
  row('billing', { status: 402 }, 'credential', 'organisation', 'growing', 'the organisation has a billing problem'),
  row('on_hold', { code: /^organization_on_hold$/ }, 'credential', 'organisation', 'growing', 'the organisation is on hold'),
  row('disabled', { message: /organization has been disabled/i }, 'credential', 'organisation', 'growing', 'the organisation has been disabled'),
  row('unauthorized', { status: 401 }, 'credential', 'key', 'growing', 'the key is not accepted'),
  row('model_not_permitted', { status: 403, message: /\bmodel\b/i }, 'credential', 'key_model', 'growing', 'the key may not use this model'),
  row('forbidden', { status: 403 }, 'credential', 'key', 'growing', 'the key lacks a permission'),
  row('spend_limit', { status: 429, code: /spend_limit_reached$/, without: 'retry-after' }, 'quota', 'organisation', 'park',
    'the organisation has reached its spend limit'),
  row('spend_limit_text', { status: 429, message: /(?:spend|usage) limit/i, without: 'retry-after' }, 'quota', 'organisation', 'park',
    'the organisation has reached its spend limit'),
  row('workspace_limit', { status: 429, message: /\bworkspace\b/i }, 'quota', 'workspace_model', 'retry_after', 'the workspace is rate limited for this model'),
  row('rate_limit', { status: 429 }, 'quota', 'organisation_model', 'retry_after', 'the organisation is rate limited for this model'),
  row('rate_limit_event', { type: /^rate_limit_error$/ }, 'quota', 'organisation_model', 'retry_after', 'the organisation is rate limited for this model'),
  row('server_error', { status: [500, 599] }, 'platform', 'none', 'none', 'the platform failed'),
  row('error_event', { type: /^(?:api_error|timeout_error)$/, status: 200 }, 'platform', 'none', 'none', 'the platform failed as its answer began'),
  row('request', { status: [400, 499] }, 'request', 'none', 'none', 'the request is at fault'),
  row('request_event', { status: 200 }, 'request', 'none', 'none', 'the request is at fault')
]
