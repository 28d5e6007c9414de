import { isObject } from '../translate/fields.ts'

/** An organisation of an account on claude.ai. */
export interface Organization {
  id: string
  name: string
  plan: Plan
  /** What claude.ai holds against it, such as a restriction; empty for nearly all. */
  flags: string[]
}

export type Plan = 'free' | 'pro' | 'max' | 'team' | 'enterprise'

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i
/** What tells the plans apart, the larger first; `raven` is the team plan. Source: clewdr, 2026. */
const PLANS: ReadonlyArray<readonly [capability: RegExp, plan: Plan]> = [
  [/enterprise/, 'enterprise'], [/raven|team/, 'team'], [/max/, 'max'], [/pro/, 'pro']
]

/**
 * The organisations of the answer to `GET /api/organizations` that can chat, those that can do most first: users with an organisation for
 * the API alone often have it in the first place.
 * @param now epoch milliseconds
 * @returns null when the answer is no list of organisations
 */
export function chatOrganizations (body: unknown, now: number): Organization[] | null {
  if (!Array.isArray(body)) return null
  return body.filter(isObject)
    .map((organization) => ({ organization, capabilities: textsOf(organization['capabilities']) }))
    .filter(({ organization, capabilities }) => capabilities.includes('chat') && UUID.test(String(organization['uuid'])))
    .sort((a, b) => b.capabilities.length - a.capabilities.length)
    .map(({ organization, capabilities }) => ({
      id: String(organization['uuid']),
      name: typeof organization['name'] === 'string' ? organization['name'].slice(0, 200) : '',
      plan: planOf(capabilities),
      flags: flagsOf(organization['active_flags'], now)
    }))
}

function planOf (capabilities: readonly string[]): Plan {
  return PLANS.find(([pattern]) => capabilities.some((capability) => pattern.test(capability)))?.[1] ?? 'free'
}

/** Those that are over are told for a while too. */
function flagsOf (flags: unknown, now: number): string[] {
  return (Array.isArray(flags) ? flags : []).filter(isObject)
    .filter(({ expires_at: end }) => typeof end !== 'string' || !(Date.parse(end) <= now)).map(({ type }) => type).filter((type) => typeof type === 'string')
    .map((type) => type.slice(0, 100)).slice(0, 5)
}

function textsOf (value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
}
