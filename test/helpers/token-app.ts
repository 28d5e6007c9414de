import { createHmac } from 'node:crypto'
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import adminGuard from '../../src/plugins/admin-guard.ts'
import auth from '../../src/plugins/auth.ts'
import database from '../../src/plugins/database/index.ts'
import type { TokenMode, TokenRow } from '../../src/plugins/database/schema.ts'
import { useEnvelope } from '../../src/plugins/envelope.ts'
import exchanges from '../../src/plugins/exchanges.ts'
import guessLimits, { type GuessLimitOptions } from '../../src/plugins/guess-limits.ts'
import requestLog from '../../src/plugins/request-log.ts'
import tokenStore from '../../src/plugins/token-store.ts'
import { tokenInfoRoutes } from '../../src/routes/token-info.ts'
import { adminTokenRoutes } from '../../src/routes/tokens.ts'

export const SECRET = 'made-up-signing-secret-for-tests-only-0123456789'
export const ADMIN_KEY = 'made-up-admin-key'
export const ISSUER = 'ccproxy'
export const HOUR = 3_600_000

export interface TokenAppOptions {
  path?: string
  secret?: string
  tokenLimits?: GuessLimitOptions
  adminLimits?: GuessLimitOptions
  clock?: () => number
  server?: FastifyServerOptions
}

/** The part of the gateway that knows tokens: one route behind a token, and the routes of `/api/token`. Closed after the test. */
export async function buildTokenApp (t: Test, options: TokenAppOptions = {}): Promise<FastifyInstance> {
  const app: FastifyInstance = fastify({
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: true, allErrors: false, verbose: true } },
    ...options.server
  })
  t.teardown(() => app.close())
  useEnvelope(app, 'anthropic')
  await app.register(requestLog)
  await app.register(exchanges)
  await app.register(database, { path: options.path ?? ':memory:' })
  await app.register(tokenStore, { clock: options.clock })
  await app.register(guessLimits)
  await app.register(auth, { secret: options.secret ?? SECRET, issuer: ISSUER, limits: options.tokenLimits, clock: options.clock })
  await app.register(adminGuard, { key: ADMIN_KEY, limits: options.adminLimits })
  await app.register(adminScope, { prefix: '/api' })
  await app.register(tokenScope, { prefix: '/api/token' })
  await app.register(guardedScope)
  return app
}

async function adminScope (scope: FastifyInstance): Promise<void> {
  useEnvelope(scope, 'admin')
  scope.addHook('onRequest', scope.requireAdmin)
  await scope.register(adminTokenRoutes, { defaultExpiry: 720 * HOUR })
}

async function tokenScope (scope: FastifyInstance): Promise<void> {
  useEnvelope(scope, 'admin')
  scope.addHook('onRequest', scope.authenticate)
  await scope.register(tokenInfoRoutes)
}

async function guardedScope (scope: FastifyInstance): Promise<void> {
  scope.addHook('onRequest', scope.authenticate)
  scope.get('/guarded', async (request) => ({ caller: request.clientToken.id }))
}

/** Issues a token as the admin route does. */
export async function issue (app: FastifyInstance, { name = 'laptop', mode = 'both' as TokenMode, life = HOUR } = {}): Promise<{ row: TokenRow, token: string }> {
  const row = await app.tokens.create({ name, mode, expiresAt: Date.now() + life })
  return { row, token: app.signToken(row) }
}

/** Asks for the guarded route with the given headers. */
export async function ask (app: FastifyInstance, headers: Record<string, string>, remoteAddress = '192.0.2.1') {
  return app.inject({ url: '/guarded', headers, remoteAddress })
}

/** The header that sends a token. */
export function bearer (token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` }
}

/** The claims that the gateway itself would give a row's token. */
export function claimsOf (row: TokenRow): Record<string, unknown> {
  return {
    iss: ISSUER,
    sub: row.name,
    jti: row.id,
    iat: Math.floor(row.created_at / 1_000),
    exp: row.expires_at / 1_000,
    mode: row.mode
  }
}

/** A JWT made by hand, so that a test can make what no library would. An empty algorithm makes an empty signature. */
export function forge (claims: unknown, { alg = 'HS256', secret = SECRET, hash = 'sha256', header = {} } = {}): string {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const input = `${encode({ alg, typ: 'JWT', ...header })}.${encode(claims)}`
  return `${input}.${hash === '' ? '' : createHmac(hash, secret).update(input).digest('base64url')}`
}

/** An admin request with the right key, unless another is given. */
export async function asAdmin (
  app: FastifyInstance, method: 'GET' | 'POST', url: string, { payload, headers = { 'x-admin-key': ADMIN_KEY }, remoteAddress = '192.0.2.1' }:
  { payload?: object | string, headers?: Record<string, string>, remoteAddress?: string } = {}
) {
  return app.inject({ method, url: `/api${url}`, payload, headers, remoteAddress })
}
