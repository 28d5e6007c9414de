import fp from 'fastify-plugin'
import type { onRequestHookHandler } from 'fastify'
import { GatewayError } from '../errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Hook for a scope: decides the request's mode and notes it. Runs after authentication. */
    chooseMode: onRequestHookHandler
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

function noWebUpstream (): GatewayError {
  return new GatewayError('permission_error', 'This gateway has no web upstream; use api mode.', { code: 'web_mode_unavailable' })
}

export default fp<{ server: ModeLimit }>(async (app, { server }) => {
  app.decorate('chooseMode', (request, _reply, done) => {
    const choice = request.headers['x-proxy-mode']
    try {
      // Without a web upstream every request that names no mode is for the API.
      request.record.mode = resolveMode({ server, token: request.clientToken.mode, choice: choice?.toString(), fallback: 'api' })
    } catch (error) {
      return done(error as GatewayError)
    }
    done(request.record.mode === 'web' ? noWebUpstream() : undefined)
  })
}, { name: 'ccproxy-mode', fastify: '5.x', dependencies: ['ccproxy-auth', 'ccproxy-request-log'] })
