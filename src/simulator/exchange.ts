import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from './api-error.ts'
import type { ChosenFault, createFaultChoice } from './fault-choice.ts'
import { commonHeaders, organizationId, type RateLimits } from './headers.ts'
import type { Ids } from './ids.ts'
import type { Ledger } from './ledger.ts'
import type { Wire } from './wire.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is no JSON, or none is needed: the simulator's routes read it themselves. */
    isStream?: boolean
  }
}

/** What all exchanges of one simulator share. */
export interface Simulation {
  ledger: Ledger
  /** Milliseconds between two events. */
  paceMs: number
  /** Epoch milliseconds. */
  clock: () => number
  ids: Ids
  limits: RateLimits
  chooseFault: ReturnType<typeof createFaultChoice>
}

/** What is known of one request. */
export interface Exchange {
  simulation: Simulation
  requestId: string
  /** Empty when the request has none. */
  key: string
  organization: string
  /** Of the body. */
  bytes: number
  chosen: ChosenFault | undefined
  /** The answer's way to the socket, where it is not the ordinary one. */
  wire: Wire | undefined
}

export const exchangeOf = (request: FastifyRequest): Exchange => request.getDecorator<Exchange>('exchange')

/** Begins the book-keeping of every request, whatever becomes of it. */
export function keepExchanges (app: FastifyInstance, simulation: Simulation): void {
  const { ledger, ids } = simulation
  app.decorateRequest('exchange')
  app.addHook('onRequest', async (request, reply) => {
    const headers = commonHeaders(ids)
    const key = keyOf(request)
    const organization = organizationId(key)
    const exchange: Exchange = {
      simulation, requestId: headers['request-id']!, key, organization, bytes: 0, chosen: undefined, wire: undefined
    }
    request.setDecorator('exchange', exchange)
    reply.headers(headers)
    ledger.begin()
    let whole = false
    reply.raw.once('finish', () => { whole = true })
    reply.raw.once('close', () => ledger.end(whole || exchange.wire?.cut ? 'finished' : 'aborted'))
  })
}

/**
 * Shows a request to whoever looks, then lets it in or not: key, version, fault, JSON.
 * It runs when the body's bytes are here; POST bodies are JSON from then on.
 */
export async function admit (request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const exchange = exchangeOf(request)
  const { method, url, headers, raw: { rawHeaders } } = request
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  exchange.bytes = body.length
  exchange.simulation.ledger.emit('request', { method, url, headers, rawHeaders, body })
  if (exchange.key === '') throw new ApiError('authentication_error', 'x-api-key header is required')
  if (headers['anthropic-version'] === undefined) throw new ApiError('invalid_request_error', 'anthropic-version: header is required')
  meetFault(exchange, request, reply)
  if (method === 'POST' && request.routeOptions.config.isStream !== true) request.body = parse(body)
}

/** Chooses the request's fault, and throws its answer if it is one. */
function meetFault (exchange: Exchange, { headers }: FastifyRequest, reply: FastifyReply): void {
  const { simulation: { chooseFault, clock, limits }, key, organization } = exchange
  const now = clock()
  exchange.chosen = chooseFault(headers, key)
  const error = exchange.chosen?.fault.answer?.({ number: exchange.chosen.number, now })
  const wait = error?.type === 'rate_limit_error' ? exchange.chosen?.number('retry-after', 1) : undefined
  reply.header('anthropic-organization-id', organization)
  reply.headers(limits.headers(organization, now, wait === undefined ? undefined : wait * 1_000))
  if (error !== undefined) throw error
}

function parse (body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch (error) {
    throw new ApiError('invalid_request_error', `The request body is not valid JSON: ${(error as Error).message}`)
  }
}

function keyOf ({ headers }: FastifyRequest): string {
  return headers['x-api-key']?.toString() ?? /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
}
