import { GatewayError } from '../errors.ts'
import type { Verdict } from '../plugins/session-store.ts'
import type { WebClient } from './web-client.ts'
import { webFaultOf } from './web-faults.ts'
import { chatOrganizations, type Organization } from './web-organizations.ts'

/** What came of asking claude.ai about a cookie. */
export interface Checked extends Verdict {
  /** Why it can never work as it was asked for: the organisations that would do, when another was wanted. */
  wrongOrganization: Organization[] | null
  /** What else the admin should know. */
  warning: string | null
}

export interface CheckDeps {
  client: Pick<WebClient, 'organizations'>
  /** Epoch milliseconds. */
  clock?: () => number
}

/** Asks claude.ai whether a session is alive, and which organisation can chat with it. Never rejects: not to be answered is an answer too. */
export function createWebCheck ({ client, clock = Date.now }: CheckDeps) {
  /** @param wanted the id of the only organisation that will do */
  return async function check (cookie: string, wanted: string | null): Promise<Checked> {
    try {
      const { status, headers, bytes } = await client.organizations(cookie)
      const fault = webFaultOf({ status, headers, bytes }, clock())
      if (fault === null) return chosen(bytes, wanted, clock())
      const { kind, meaning } = fault.row
      return unknown(kind === 'dead' || kind === 'disabled' ? kind : 'unverified', meaning)
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      return unknown('unverified', `claude.ai could not be asked: ${error.message}`)
    }
  }
}

function unknown (status: Verdict['status'], reason: string): Checked {
  return { status, reason, organization: null, wrongOrganization: null, warning: null }
}

function chosen (bytes: Buffer, wanted: string | null, now: number): Checked {
  const organizations = chatOrganizations(parsed(bytes), now)
  if (organizations === null) return unknown('unverified', 'claude.ai answered with something else than a list of organisations')
  const organization = wanted === null ? organizations[0] : organizations.find(({ id }) => id.toLowerCase() === wanted.toLowerCase())
  if (organization === undefined) {
    const reason = organizations.length === 0 ? 'the account has no organisation that can chat' : 'the organisation is not one of the account\'s that can chat'
    return { ...unknown('unverified', reason), wrongOrganization: organizations }
  }
  const { id, name, plan, flags } = organization
  const warning = flags.length === 0 ? null : `claude.ai marks this account: ${flags.join(', ')}`
  return { status: 'active', reason: null, organization: { id, name, plan }, wrongOrganization: null, warning }
}

function parsed (bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
