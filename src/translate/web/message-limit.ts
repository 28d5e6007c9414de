import { isObject, textOf, type Fields } from '../fields.ts'
import { resetOf } from './reset-time.ts'

export type LimitState = 'within' | 'approaching' | 'exceeded'

/** One of the spans of time that the plan's use is counted over. */
export interface LimitWindow {
  /** As claude.ai names it, such as `5h` or `7d`. */
  name: string
  /** `null` where it is not told. */
  status: LimitState | null
  /** Epoch milliseconds. */
  resetsAt: number | null
  /** 0 to 1. */
  utilization: number | null
}

/** How much of the plan is used up, as claude.ai tells it in a `message_limit` event or in the message of a 429. */
export interface MessageLimit {
  state: LimitState
  /** Epoch milliseconds. When an exceeded limit does not tell, the latest end of the windows that it exceeds. */
  resetsAt: number | null
  /** Only the model that was asked for is limited. */
  perModel: boolean
  /** What decided, such as `five_hour`, `seven_day` or `concurrents`. */
  claim: string | null
  windows: LimitWindow[]
}

const STATES: ReadonlyMap<string, LimitState> = new Map([
  ['within_limit', 'within'], ['approaching_limit', 'approaching'], ['exceeded_limit', 'exceeded'], ['over_limit', 'exceeded']
])
/** The window that a claim is about. */
const CLAIMED: ReadonlyMap<string, string> = new Map([['five_hour', '5h'], ['seven_day', '7d']])

/**
 * Reads one `message_limit`, in any of the forms that it was seen in.
 * @param unnamed the state of a limit that names none, nor has windows that do
 */
export function parseMessageLimit (limit: Fields, unnamed: LimitState = 'within'): MessageLimit {
  const windows = windowsOf(limit['windows'])
  const state = stateOf(limit) ?? worst(windows) ?? unnamed
  const claim = textOf(limit['representativeClaim']) || null
  return {
    state,
    resetsAt: resetOf(limit) ?? (state === 'exceeded' ? windowsReset(windows, claim) : null),
    perModel: limit['perModelLimit'] === true,
    claim,
    windows
  }
}

/** Reads the `error.message` of a 429, which is JSON in a string. @returns `null` for any other text */
export function parseLimitMessage (text: string): MessageLimit | null {
  if (!text.trimStart().startsWith('{')) return null
  try {
    const limit: unknown = JSON.parse(text)
    if (!isObject(limit)) return null
    const tells = stateOf(limit) !== null || resetOf(limit) !== null || isObject(limit['windows'])
    return tells ? parseMessageLimit(limit, 'exceeded') : null
  } catch {
    return null
  }
}

function stateOf (fields: Fields): LimitState | null {
  return STATES.get(textOf(fields['type'])) ?? STATES.get(textOf(fields['status'])) ?? null
}

function windowsOf (value: unknown): LimitWindow[] {
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, window]) => isObject(window) ? [windowOf(name, window)] : [])
}

function windowOf (name: string, window: Fields): LimitWindow {
  const utilization = window['utilization']
  return { name, status: stateOf(window), resetsAt: resetOf(window), utilization: typeof utilization === 'number' ? utilization : null }
}

function worst (windows: LimitWindow[]): LimitState | null {
  for (const state of ['exceeded', 'approaching', 'within'] as const) if (windows.some(({ status }) => status === state)) return state
  return null
}

function windowsReset (windows: LimitWindow[], claim: string | null): number | null {
  const claimed = claim === null ? undefined : CLAIMED.get(claim) ?? claim
  const times = windows.flatMap(({ name, status, resetsAt }) => resetsAt !== null && (status === 'exceeded' || name === claimed) ? [resetsAt] : [])
  return times.length === 0 ? null : Math.max(...times)
}
