import { hash, timingSafeEqual } from 'node:crypto'
import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import { GatewayError } from '../errors.ts'
import { credentialInQuery } from './credentials.ts'
import type { GuessLimitOptions, GuessLimits } from './guess-limits.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Hook for a scope (`onRequest`): lets through who sends the admin key in `X-Admin-Key`. */
    requireAdmin: AdminGuard
  }
}

/** The largest body of an admin request, in bytes: the longest of them is a few hundred. */
export const ADMIN_BODY_LIMIT = 16 * 1024

export type AdminGuard = ReturnType<typeof createAdminGuard>

interface AdminGuardDeps {
  key: string
  limits: Pick<GuessLimits, 'wait' | 'count'>
}

/** The hook that asks for the admin key. A fault of the counter of guesses closes the door: its error is the answer. */
export function createAdminGuard ({ key, limits }: AdminGuardDeps) {
  const expected = hash('sha256', Buffer.from(key, 'utf8'), 'buffer')
  let last: Promise<void> = Promise.resolve()

  async function check (request: FastifyRequest): Promise<void> {
    // Asked before the key is looked at: over the limit, not even the right one tells a guesser that it is right.
    const wait = await limits.wait(request)
    if (wait !== undefined) throw tooManyKeys(wait)
    if (isKey(String(request.headers['x-admin-key']), expected)) return
    await limits.count(request)
    request.log.warn({ address: request.ip }, 'admin key refused')
    throw invalidKey()
  }

  return async function requireAdmin (request: FastifyRequest): Promise<void> {
    const inQuery = credentialInQuery(request)
    if (inQuery !== undefined) throw keyInQuery(inQuery)
    // Nothing sent is nothing guessed: a probe that knows no key must not lock the operator out.
    if (request.headers['x-admin-key'] === undefined) throw missingKey()
    // One at a time: of many guesses sent at once, all would be let through before the first of them was counted.
    const mine = last.then(() => check(request))
    last = mine.catch(() => {})
    return mine
  }
}

/** Digests have one length whatever was sent, so the comparison tells nothing of the key's. Node hands over header bytes as latin1. */
function isKey (given: string, expected: Buffer): boolean {
  return timingSafeEqual(hash('sha256', Buffer.from(given, 'latin1'), 'buffer'), expected)
}

function missingKey (): GatewayError {
  return new GatewayError('authentication_error', 'No admin key was sent; send it as "X-Admin-Key: <key>".', { code: 'missing_admin_key' })
}

function invalidKey (): GatewayError {
  return new GatewayError('authentication_error', 'X-Admin-Key: is not the admin key of this gateway (CCPROXY_ADMIN_KEY).', { code: 'invalid_admin_key' })
}

function keyInQuery (name: string): GatewayError {
  return new GatewayError('authentication_error', `${name}: credentials are not taken from the URL, because URLs end up in logs; send the key as "X-Admin-Key: <key>".`, {
    code: 'admin_key_in_query'
  })
}

function tooManyKeys (retryAfter: number): GatewayError {
  return new GatewayError('rate_limit_error', `Too many wrong admin keys; try again in ${retryAfter} s.`, { code: 'rate_limited', retryAfter })
}

export interface AdminGuardOptions {
  key: string
  limits?: GuessLimitOptions
}

const DEFAULT_LIMITS: GuessLimitOptions = { perAddress: 10, overall: 100 }

export default fp<AdminGuardOptions>(async (app, { key, limits = DEFAULT_LIMITS }) => {
  app.decorate('requireAdmin', createAdminGuard({ key, limits: app.createGuessLimits(limits) }))
}, { name: 'ccproxy-admin-guard', fastify: '5.x', dependencies: ['ccproxy-guess-limits'] })
