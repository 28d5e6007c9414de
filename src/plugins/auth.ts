import jwt from '@fastify/jwt'
import fp from 'fastify-plugin'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { GatewayError } from '../errors.ts'
import { clientTokenOf, credentialInQuery } from './credentials.ts'
import type { TokenMode, TokenRow } from './database/schema.ts'
import type { GuessLimitOptions, GuessLimits } from './guess-limits.ts'
import { isValid, revokedError, type TokenStore } from './token-store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Hook for a scope (`onRequest`): lets through who has a good token, and sets `request.clientToken`. */
    authenticate: Auth['authenticate']
    signToken: Auth['signToken']
  }
  interface FastifyRequest {
    /** The caller's token; set behind `authenticate`, and only there. */
    clientToken: TokenRow
  }
}

/** What a client token says of itself. Times are epoch seconds. Source: RFC 7519, section 4.1; `mode` is the gateway's own. */
interface Claims {
  iss: string
  sub: string
  jti: string
  iat: number
  exp: number
  mode: TokenMode
}

/** How many verified tokens are remembered, so that each costs one check of its signature and not one a request. */
const MOST_SEEN = 10_000

export type Auth = ReturnType<typeof createAuth>

interface AuthDeps {
  jwt: Pick<FastifyInstance['jwt'], 'sign' | 'verify'>
  tokens: Pick<TokenStore, 'get' | 'touch'>
  limits: Pick<GuessLimits, 'count'>
  issuer: string
  /** Epoch milliseconds. */
  clock?: () => number
}

/** Client tokens: signing them, and the hook that asks for one. */
export function createAuth ({ jwt, tokens, limits, issuer, clock = Date.now }: AuthDeps) {
  /** What tokens with a good signature say. Whether one is still good is asked of its row, every time. */
  const seen = new Map<string, Claims>()

  /** @throws GatewayError 401 */
  function claimsOf (token: string): Claims {
    let claims = seen.get(token)
    if (claims === undefined) {
      claims = verified(jwt, token)
      if (seen.size >= MOST_SEEN) seen.delete(seen.keys().next().value!)
      seen.set(token, claims)
    }
    return claims
  }

  /** @throws GatewayError 401 */
  function tokenRowOf (token: string): TokenRow {
    const claims = claimsOf(token)
    const row = tokens.get(claims.jti)
    if (row === undefined || !speaksFor(claims, row)) throw invalidToken()
    if (isValid(row, clock())) return row
    seen.delete(token)
    throw row.revoked_at === null ? expiredToken() : revokedError()
  }

  /**
   * A bad token is answered 429 once there were too many. Only failures are counted, and only after the check has failed: whoever
   * guesses may share an address with a whole team behind one NAT, and a good token must never pay for its neighbour's bad ones.
   */
  function refuse (error: unknown, request: FastifyRequest, done: (error: Error) => void): void {
    limits.count(request).then(
      (wait) => done(wait === undefined ? error as Error : tooManyTokens(wait)),
      done
    )
  }

  return {
    /** On the path of every request, so it takes a callback: no promise is made for a good token. */
    authenticate (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
      const inQuery = credentialInQuery(request)
      if (inQuery !== undefined) return done(tokenInQuery(inQuery))
      const token = clientTokenOf(request.headers)
      if (token === '') return done(missingToken())
      let row: TokenRow
      try {
        row = tokenRowOf(token)
      } catch (error) {
        return refuse(error, request, done)
      }
      request.clientToken = row
      request.record.tokenId = row.id
      tokens.touch(row.id)
      done()
    },

    /** The token of a row: an HS256 JWT. The same row gives the same token, which is stored nowhere. */
    signToken (row: TokenRow): string {
      const claims: Claims = {
        iss: issuer,
        sub: row.name,
        jti: row.id,
        iat: Math.floor(row.created_at / 1_000),
        exp: row.expires_at / 1_000,
        mode: row.mode
      }
      return jwt.sign(claims)
    }
  }
}

/** @throws GatewayError 401; that a token has expired is told only to who holds one that was signed here */
function verified (jwt: AuthDeps['jwt'], token: string): Claims {
  try {
    return jwt.verify<Claims>(token)
  } catch (error) {
    if ((error as { code?: string }).code === 'FAST_JWT_EXPIRED') throw expiredToken()
    throw invalidToken()
  }
}

/** The signature already vouches for these claims. That they also match the row bounds what a leaked signing secret is good for. */
function speaksFor (claims: Claims, row: TokenRow): boolean {
  return claims.sub === row.name && claims.mode === row.mode && claims.exp * 1_000 === row.expires_at
}

function missingToken (): GatewayError {
  return unauthorized('missing_token', 'No token was sent; send it as "Authorization: Bearer <token>" or as "x-api-key: <token>".')
}

function tokenInQuery (name: string): GatewayError {
  return unauthorized('token_in_query', `${name}: credentials are not taken from the URL, because URLs end up in logs; send the token as "Authorization: Bearer <token>" or as "x-api-key: <token>".`)
}

function invalidToken (): GatewayError {
  return unauthorized('invalid_token', 'The token is not valid; check that it was copied whole and was issued by this gateway.')
}

function expiredToken (): GatewayError {
  return unauthorized('token_expired', 'This token has expired; ask the gateway\'s admin for a new one.')
}

function unauthorized (code: string, message: string): GatewayError {
  return new GatewayError('authentication_error', message, { code })
}

function tooManyTokens (retryAfter: number): GatewayError {
  return new GatewayError('rate_limit_error', `Too many tokens that are not valid; try again in ${retryAfter} s, with a token issued by this gateway.`, {
    code: 'rate_limited', retryAfter
  })
}

export interface AuthOptions extends Pick<Config['jwt'], 'secret' | 'issuer'> {
  limits?: GuessLimitOptions
  clock?: () => number
}

const DEFAULT_LIMITS: GuessLimitOptions = { perAddress: 60, overall: 1_000 }

export default fp<AuthOptions>(async (app, { secret, issuer, limits = DEFAULT_LIMITS, clock }) => {
  await app.register(jwt, {
    secret,
    sign: { algorithm: 'HS256' },
    // Without `algorithms` the library takes any; without `iss` among the required claims, a token that names no issuer would pass.
    verify: { algorithms: ['HS256'], checkTyp: 'JWT', allowedIss: issuer, requiredClaims: ['iss', 'sub', 'jti', 'iat', 'exp', 'mode'] }
  })
  const auth = createAuth({ jwt: app.jwt, tokens: app.tokens, limits: app.createGuessLimits(limits), issuer, clock })
  // @ts-expect-error decorated per request: the hook sets it before a handler behind it can read it
  app.decorateRequest('clientToken', null)
  app.decorate('authenticate', auth.authenticate)
  app.decorate('signToken', auth.signToken)
}, { name: 'ccproxy-auth', fastify: '5.x', dependencies: ['ccproxy-token-store', 'ccproxy-guess-limits', 'ccproxy-request-log'] })
