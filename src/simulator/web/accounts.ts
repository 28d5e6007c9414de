import { organizationId } from '../headers.ts'
import { findModel, MODELS, type Model } from '../models.ts'
import { modelNotInPlan, sessionInvalid, unauthenticated, unknownModel, wrongOrganization } from './web-error.ts'
import type { WebLimit } from './rate-limit.ts'

export type Plan = 'free' | 'pro' | 'max' | 'team' | 'api'

export interface Organization {
  uuid: string
  id: number
  name: string
  capabilities: string[]
  rate_limit_tier: string
  active_flags: Array<{ type: string, expires_at: string }>
}

/** What the `message_limit` event of an account tells. Utilizations are 0 to 1. */
export interface Quota {
  type: 'within_limit' | 'approaching_limit' | 'exceeded_limit' | 'over_limit'
  fiveHour: number
  sevenDay: number
}

/** Who a cookie belongs to. */
export interface Account {
  /** The first of its cookies' values; names in it choose how the account behaves. */
  key: string
  plan: Plan
  organizations: Organization[]
  limits: WebLimit[]
  disabled: boolean
  quota: Quota
  /** Completions that are being answered now. */
  streams: number
  /** `Set-Cookie` headers for its next good answers. */
  renewals: string[]
}

const KEY = /^sk-ant-sid\d\d-[\w-]+$/
/** Source: organisations as public clients read them. */
const CAPABILITIES: Record<Plan, string[]> = {
  free: ['chat'], pro: ['chat', 'claude_pro'], max: ['chat', 'claude_max'], team: ['chat', 'raven'], api: ['api', 'api_individual']
}
const DEFAULT_MODEL = 'claude-sonnet-5-5'
const FREE_LINES = ['sonnet', 'haiku']
/** Far enough away for a notice to be in force. */
const FLAGGED_UNTIL = '2099-01-01T00:00:00Z'

/**
 * All accounts: each well-formed key is one, from the first time it is seen. Names inside the key choose how it behaves:
 * - `-plan-free-`, `-plan-pro-` (the default), `-plan-max-`, `-plan-team-`, `-plan-api-` (which cannot chat)
 * - `-orgs-N-` or `-api-org-`: N or two organisations, of which the first cannot chat and the last is the one of the plan
 * - `-org-blue-`: all keys with it share an organisation, not their conversations
 * - `-flag-<type>-`: its organisation bears a notice
 * - `-dead-` and `-disabled-`: as `kill` and `disable` leave it
 * - `-limit-approaching-` and `-limit-exceeded-`: what its `message_limit` events say
 * - `-concurrent-N-`: more streams than that at once are refused
 * - `-extras-`: the rarer events come too
 * - `-fault-<name>-`: see `fault-choice.ts`
 */
export class Accounts {
  readonly #byKey = new Map<string, Account>()
  readonly #dead = new Set<string>()

  /**
   * The account of a request.
   * @param cookies the `Cookie` header
   * @throws WebError 401 for a key that is none, 403 for no cookie and for a session that has ended
   */
  ofCookies (cookies = ''): Account {
    const cookie = cookies.split(/; */).find((pair) => pair.startsWith('sessionKey='))?.slice('sessionKey='.length)
    if (cookie === undefined || cookie === '') throw sessionInvalid()
    if (!KEY.test(cookie)) throw unauthenticated()
    const account = this.of(cookie)
    if (this.#dead.has(cookie)) throw sessionInvalid()
    return account
  }

  /** The account of a key. */
  of (key: string): Account {
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const account = accountOf(key)
    this.#byKey.set(key, account)
    if (key.includes('-dead-')) this.#dead.add(key)
    return account
  }

  kill (key: string): void {
    this.#dead.add(key)
  }

  revive (key: string): void {
    this.#dead.delete(key)
  }

  /** Lets a further key in as the same account. */
  alias (key: string, other: string): void {
    if (KEY.test(other)) this.#byKey.set(other, this.of(key))
  }
}

/** @throws WebError 403 for an organisation that is not the account's, or in which nobody can chat */
export function organizationOf ({ organizations }: Account, uuid: string): Organization {
  const organization = organizations.find((one) => one.uuid === uuid)
  if (organization === undefined || !organization.capabilities.includes('chat')) throw wrongOrganization()
  return organization
}

/** @throws WebError 403 for a model that there is not, or that the plan lacks */
export function modelFor ({ plan }: Account, name = DEFAULT_MODEL): Model {
  if (!MODELS.some(({ id, alias }) => id === name || alias === name)) throw unknownModel()
  const model = findModel(name)
  if (plan === 'free' && !FREE_LINES.includes(model.line)) throw modelNotInPlan()
  return model
}

function accountOf (key: string): Account {
  const plan = (/-plan-(free|pro|max|team|api)-/.exec(key)?.[1] ?? 'pro') as Plan
  const quota = (/-limit-(approaching|exceeded)-/.exec(key)?.[1] ?? 'within') as 'approaching' | 'exceeded' | 'within'
  const used = { within: 0.41, approaching: 0.92, exceeded: 1 }[quota]
  return {
    key,
    plan,
    organizations: organizationsOf(key, plan),
    limits: [],
    disabled: key.includes('-disabled-'),
    quota: { type: `${quota}_limit`, fiveHour: used, sevenDay: 0.05 },
    streams: 0,
    renewals: []
  }
}

/** The one that the plan is for comes last: whoever takes the first of several is wrong. */
function organizationsOf (key: string, plan: Plan): Organization[] {
  // The name is no label of an organisation, as `-org-blue-` is.
  const own = organizationId(key.replace('-api-org-', '-'))
  const flag = /-flag-([a-z_]+)-/.exec(key)?.[1]
  const flags = flag === undefined ? [] : [{ type: flag, expires_at: FLAGGED_UNTIL }]
  const main = organization(own, plan, flags)
  const count = Number(/-orgs-(\d)-/.exec(key)?.[1] ?? (key.includes('-api-org-') ? 2 : 1))
  const others = Array.from({ length: count - 1 }, (_, place) => organization(organizationId(`${own} ${place}`), place === 0 ? 'api' : 'free'))
  return [...others, main]
}

function organization (uuid: string, plan: Plan, flags: Organization['active_flags'] = []): Organization {
  return {
    uuid,
    id: parseInt(uuid.slice(0, 6), 16),
    name: plan === 'api' ? 'Made-up API organization' : 'made-up@example.com\'s Organization',
    capabilities: CAPABILITIES[plan],
    rate_limit_tier: plan === 'api' ? 'auto_api_evaluation' : 'default_claude_ai',
    active_flags: flags
  }
}
