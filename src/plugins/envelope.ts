import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { errorBody, errorHeaders, GatewayError, toGatewayError, type Envelope } from '../errors.ts'

/** Makes a scope tell its errors, and its unknown paths, in the given protocol. Call it before the scope's routes are registered. */
export function useEnvelope (scope: FastifyInstance, envelope: Envelope): void {
  scope.setErrorHandler<FastifyError>((thrown, request, reply) => sendError(toGatewayError(thrown), envelope, request, reply))
  scope.setNotFoundHandler((request, reply) => {
    const error = new GatewayError('not_found_error', `There is no ${request.method} ${pathOf(request)} here.`, { code: 'route_not_found' })
    return sendError(error, envelope, request, reply)
  })
}

/** Answers, and logs, what Fastify refuses before the first hook: an address that cannot be decoded. */
export function refuseBadUrl (_thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = new GatewayError('invalid_request_error', 'path: is not a valid URL path; check its percent-encoding.', { code: 'invalid_path', param: 'path' })
  request.log.info({ method: request.method, status: error.status, error: error.code }, 'request')
  send(error, 'anthropic', request, reply)
}

function sendError (error: GatewayError, envelope: Envelope, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  request.record.error = error
  return send(error, envelope, request, reply)
}

function send (error: GatewayError, envelope: Envelope, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply
    .code(error.status)
    .headers(errorHeaders(error, request.id))
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(errorBody(error, envelope, request.id))
}

/** The path alone: a query string may hold what must not be repeated. */
function pathOf (request: FastifyRequest): string {
  return request.url.split('?', 1)[0]!.slice(0, 200)
}
