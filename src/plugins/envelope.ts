import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { errorBody, errorHeaders, errorStatus, GatewayError, toGatewayError, type Envelope } from '../errors.ts'

/** One envelope for a scope, or what chooses it for each request, where a scope serves clients of both protocols. */
export type EnvelopeChoice = Envelope | ((request: FastifyRequest) => Envelope)

/** What OpenAI's clients may ask for below `/v1`, served here or not. Source: `openai` 7.57, resources. */
const OPENAI_PATHS = /^\/v1\/(?:chat|responses|completions|embeddings|audio|images|videos|moderations|assistants|threads|vector_stores|uploads|fine_tuning|realtime|conversations|evals|containers|webhooks)(?:[/?]|$)/

/** Anthropic's clients name the version of the API; where both protocols have the same path, all others are taken for OpenAI's. */
export function wantsAnthropic ({ headers }: FastifyRequest): boolean {
  return headers['anthropic-version'] !== undefined
}

/** The protocol of whoever asks for an unknown path. */
export function protocolOf ({ url }: FastifyRequest): Envelope {
  return OPENAI_PATHS.test(url) ? 'openai' : 'anthropic'
}

/** Makes a scope tell its errors, and its unknown paths, in the given protocol. Call it before the scope's routes are registered. */
export function useEnvelope (scope: FastifyInstance, choice: EnvelopeChoice): void {
  tellErrors(scope, choice)
  scope.setNotFoundHandler((request, reply) => {
    const error = new GatewayError('not_found_error', `There is no ${request.method} ${pathOf(request)} here.`, { code: 'route_not_found' })
    return sendError(error, chosen(choice, request), request, reply)
  })
}

/** Makes a scope inside another one tell its errors in the given protocol; unknown paths are the outer scope's to tell. */
export function tellErrors (scope: FastifyInstance, choice: EnvelopeChoice): void {
  scope.setErrorHandler<FastifyError>((thrown, request, reply) => sendError(toGatewayError(thrown), chosen(choice, request), request, reply))
}

function chosen (choice: EnvelopeChoice, request: FastifyRequest): Envelope {
  return typeof choice === 'string' ? choice : choice(request)
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
    .code(errorStatus(error, envelope))
    .headers(errorHeaders(error, envelope, request.id))
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(errorBody(error, envelope, request.id))
}

/** The path alone: a query string may hold what must not be repeated. */
function pathOf (request: FastifyRequest): string {
  return request.url.split('?', 1)[0]!.slice(0, 200)
}
