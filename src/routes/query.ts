import type { FastifyRequest } from 'fastify'

/** The query string with its `?`, as sent, or empty: a parameter that nobody here knows is the upstream's to refuse. */
export function queryOf (request: FastifyRequest): string {
  const at = request.url.indexOf('?')
  return at === -1 ? '' : request.url.slice(at)
}
