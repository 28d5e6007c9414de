import fp from 'fastify-plugin'
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import { GatewayError } from '../errors.ts'
import { busy } from '../upstreams/upstream-errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Hook for a scope: decides the request's mode and notes it. Runs after authentication. */
    chooseMode: onRequestHookHandler
    /** Hook for a scope whose routes claude.ai has nothing for. */
    requireApiMode: onRequestHookHandler
    /** Hook for a scope: refuses one more request where as many run as may. */
    refuseWhenFull: onRequestHookHandler
  }
}

export type Mode = 'api' | 'web'
export type ModeLimit = Mode | 'both'

export interface ModeQuestion {
  /** `server.mode` of the configuration. */
  server: ModeLimit
  /** The mode the client's token was issued for. */
  token: ModeLimit
  /** The `X-Proxy-Mode` header, as sent. */
  choice: string | undefined
  /** The mode of a request that names none. */
  fallback: Mode
}

/**
 * The mode of a request. The server's and the token's mode are limits; the client chooses within them.
 * @throws GatewayError 400 for a choice that is no mode, 403 for one outside the limits: it is never silently ignored
 */
export function resolveMode ({ server, token, choice, fallback }: ModeQuestion): Mode {
  const wanted = choice?.trim().toLowerCase()
  if (wanted !== undefined && wanted !== 'api' && wanted !== 'web') {
    throw new GatewayError('invalid_request_error', 'X-Proxy-Mode: must be "api" or "web", or be left out.', { code: 'invalid_mode', param: 'x-proxy-mode' })
  }
  if (wanted !== undefined) {
    if (server !== 'both' && server !== wanted) throw outside(`This gateway serves ${server} mode only`, wanted)
    if (token !== 'both' && token !== wanted) throw outside(`This token is for ${token} mode only`, wanted)
    return wanted
  }
  if (server !== 'both' && token !== 'both' && server !== token) throw outside(`This gateway serves ${server} mode only`, token, 'the token is for')
  if (server !== 'both') return server
  if (token !== 'both') return token
  return fallback
}

function outside (limit: string, wanted: string, who = 'the request asks for'): GatewayError {
  return new GatewayError('permission_error', `${limit}; ${who} ${wanted} mode. Change X-Proxy-Mode or use another token.`, { code: 'mode_not_allowed' })
}

function apiModeOnly (): GatewayError {
  return new GatewayError('permission_error', 'This is served in API mode only, and the request is for web mode; send X-Proxy-Mode: api or use another token.', {
    code: 'mode_not_supported'
  })
}

/** Without a choice the API goes first; claude.ai only where there is no key and there is a session. */
function fallback ({ keyPool, sessionStore }: Pick<FastifyInstance, 'keyPool' | 'sessionStore'>): Mode {
  return keyPool.size === 0 && sessionStore.size > 0 ? 'web' : 'api'
}

export default fp<{ server: ModeLimit }>(async (app, { server }) => {
  app.decorate('chooseMode', (request, _reply, done) => {
    const choice = request.headers['x-proxy-mode']
    try {
      request.record.mode = resolveMode({ server, token: request.clientToken.mode, choice: choice?.toString(), fallback: fallback(app) })
    } catch (error) {
      return done(error as GatewayError)
    }
    done()
  })
  app.decorate('requireApiMode', (request, _reply, done) => done(request.record.mode === 'web' ? apiModeOnly() : undefined))
  // Before the body is read: a request that will be refused need not send, and we need not hold, up to 32 MiB.
  app.decorate('refuseWhenFull', (request, _reply, done) => done(upstreamOf(app, request).full ? busy() : undefined))
}, { name: 'ccproxy-mode', fastify: '5.x', dependencies: ['ccproxy-auth', 'ccproxy-request-log', 'ccproxy-key-pool', 'ccproxy-session-store'] })

/** The way to Claude that a request's mode stands for. */
export function upstreamOf ({ apiUpstream, webUpstream }: Pick<FastifyInstance, 'apiUpstream' | 'webUpstream'>, { record }: Pick<FastifyRequest, 'record'>) {
  return record.mode === 'web' ? webUpstream : apiUpstream
}
