import { createHash } from 'node:crypto'
import type { Ids } from './ids.ts'

/** Per minute, as a mid-size organisation has them. */
const LIMITS = { requests: 4_000, tokens: 2_400_000, 'input-tokens': 2_000_000, 'output-tokens': 400_000 } as const

const MINUTE = 60_000

/** Headers of every answer. The cookie is there because the real one is, and no gateway may pass it on. */
export function commonHeaders (ids: Ids): Record<string, string> {
  return {
    'request-id': ids.request(),
    'strict-transport-security': 'max-age=31536000; includeSubDomains; preload',
    server: 'cloudflare',
    via: '1.1 google',
    'cf-ray': ids.ray(),
    'cf-cache-status': 'DYNAMIC',
    'x-robots-tag': 'none',
    'set-cookie': '_cfuvid=simulated-cookie; path=/; HttpOnly; Secure; SameSite=None'
  }
}

/**
 * The organisation that a key belongs to: its own, or the one that its name says: all keys with `-org-blue-` in them share one.
 * @returns a made-up UUID
 */
export function organizationId (key: string): string {
  const label = /-org-([a-z0-9]+)-/.exec(key)?.[1] ?? key
  const hex = createHash('sha256').update(label).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Counts the requests of each organisation in the running minute, for the twelve rate-limit headers. Nothing is ever refused for it. */
export class RateLimits {
  readonly #minutes = new Map<string, { minute: number, requests: number }>()

  /**
   * The headers of the next answer to that organisation.
   * @param now epoch milliseconds
   * @param spent makes it look as if the limit of requests were reached, until that many milliseconds from now
   */
  headers (organization: string, now: number, spent?: number): Record<string, string> {
    const reset = rfc3339(spent === undefined ? (Math.floor(now / MINUTE) + 1) * MINUTE : now + spent)
    const used = this.#count(organization, Math.floor(now / MINUTE))
    const headers: Record<string, string> = {}
    for (const [name, limit] of Object.entries(LIMITS)) {
      const remaining = name !== 'requests' ? limit : spent === undefined ? Math.max(0, limit - used) : 0
      headers[`anthropic-ratelimit-${name}-limit`] = String(limit)
      headers[`anthropic-ratelimit-${name}-remaining`] = String(remaining)
      headers[`anthropic-ratelimit-${name}-reset`] = reset
    }
    return headers
  }

  #count (organization: string, minute: number): number {
    const current = this.#minutes.get(organization)
    const requests = current?.minute === minute ? current.requests + 1 : 1
    this.#minutes.set(organization, { minute, requests })
    return requests
  }
}

const rfc3339 = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
