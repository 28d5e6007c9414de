import { refusal, type WebError } from './web-error.ts'

/** How a limit tells when it ends; all of them were seen. */
export type ResetForm = 'seconds' | 'milliseconds' | 'rfc3339' | 'outside' | 'absent'

export interface WebLimit {
  /** Epoch seconds, when it is over; absent where nobody knows. */
  resetsAt?: number
  /** `five_hour`, `seven_day`, `concurrents` and the like. Default: `five_hour`. */
  claim?: string
  /** The only model that is exhausted. Default: the whole account is. */
  model?: string
  /** Default: `seconds`. */
  form?: ResetForm
}

/** The 429 of an exhausted account: its message is JSON inside a string. */
export function limited ({ resetsAt, claim = 'five_hour', model, form = 'seconds' }: WebLimit, headers: Record<string, string> = {}): WebError {
  const window = { resets_at: resetsAt ?? null }
  const message = JSON.stringify({
    type: 'exceeded_limit',
    resetsAt: resetsAt === undefined ? null : formatted(resetsAt, form),
    remaining: 0,
    perModelLimit: model !== undefined,
    representativeClaim: claim,
    ...claim !== 'concurrents' && { windows: { '5h': window, '7d': window } }
  })
  const error = refusal('rate_limit_error', message, { headers })
  if (form === 'outside') Object.assign((error.body as { error: object }).error, { resets_at: resetsAt })
  return error
}

function formatted (resetsAt: number, form: ResetForm): number | string | null {
  switch (form) {
    case 'seconds': return resetsAt
    case 'milliseconds': return resetsAt * 1_000
    case 'rfc3339': return new Date(resetsAt * 1_000).toISOString()
    case 'outside':
    case 'absent': return null
  }
}

/** The 429 that only says so in words. */
export const limitedInWords = (headers: Record<string, string> = {}) =>
  refusal('rate_limit_error', 'You\'ve reached your usage limit. Please try again later.', { headers })
