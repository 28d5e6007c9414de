import type { FastifyRequest } from 'fastify'
import type { IncomingHttpHeaders } from 'node:http'

/** Names under which a client may think to put a credential into the query string; compared in lower case. */
const QUERY_NAMES = new Set(['token', 'access_token', 'api_key', 'x-api-key', 'admin_key', 'x-admin-key'])

/** The name of a credential in the query string, as the client wrote it; undefined when there is none. */
export function credentialInQuery (request: FastifyRequest): string | undefined {
  // Nearly every request has no query at all.
  if (!request.url.includes('?')) return undefined
  for (const name of Object.keys(request.query as object)) {
    if (QUERY_NAMES.has(name.toLowerCase())) return name
  }
  return undefined
}

/** The client token of `Authorization: Bearer`, else of `x-api-key`; empty when neither carries one. */
export function clientTokenOf (headers: IncomingHttpHeaders): string {
  const { authorization, 'x-api-key': apiKey } = headers
  if (authorization !== undefined && authorization.slice(0, 7).toLowerCase() === 'bearer ') {
    const token = authorization.slice(7).trim()
    if (token !== '') return token
  }
  return typeof apiKey === 'string' ? apiKey : ''
}
