import type { FastifyReply, FastifyRequest } from 'fastify'
import { respond } from '../deliver.ts'
import { exchangeOf } from '../exchange.ts'
import { organizationOf, type Account, type Organization } from './accounts.ts'
import type { WebControl } from './control.ts'
import { contextOf, type ChosenWebFault } from './fault-choice.ts'
import type { EventStyle } from './faults.ts'
import { disabledOrganization, refusal } from './web-error.ts'

/** What is known of one request to claude.ai. */
export interface Visit {
  web: WebControl
  account: Account
  chosen: ChosenWebFault | undefined
  style: EventStyle
  /** Aborted when the connection closes, which it may do before the answer. */
  gone: AbortSignal
}

export interface InOrganization { Params: { organization: string } }

export const visitOf = (request: FastifyRequest): Visit => request.getDecorator<Visit>('visit')

/**
 * Books a request, then lets it in or not: session, fault, JSON, organisation.
 * It runs when the body's bytes are here; bodies are JSON from then on, where the route does not say that they are not.
 */
export function admitTo (web: WebControl) {
  return async function admit (request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { method, url, headers, raw: { rawHeaders }, routeOptions: { config } } = request
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const endpoint = config.endpoint ?? 'unknown'
    const seen = { method, url, headers, rawHeaders, body }
    const exchange = exchangeOf(request)
    exchange.bytes = body.length
    web.see({ ...seen, endpoint })
    exchange.simulation.ledger.emit('request', seen)
    const account = web.accounts.ofCookies(headers.cookie)
    exchange.key = account.key
    if (config.isStream !== true && body.length > 0) request.body = parse(body)
    const visit: Visit = { web, account, chosen: web.faults.choose(endpoint, account.key), style: styleOf(request.body), gone: goneSignal(reply) }
    request.setDecorator('visit', visit)
    meetFault(request, visit)
    if (account.disabled && endpoint !== 'organizations') throw disabledOrganization()
  }
}

function goneSignal (reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return gone.signal
}

function meetFault (request: FastifyRequest, { chosen, style }: Visit): void {
  if (chosen === undefined) return
  const exchange = exchangeOf(request)
  const context = contextOf(chosen, exchange.simulation.clock(), style)
  const { does, answer, deliver } = chosen.fault
  const error = answer?.(context)
  if (error !== undefined) throw error
  exchange.chosen = { fault: { does, deliver: deliver && ((wire) => deliver(wire, context)) }, number: chosen.number }
}

const styleOf = (body: unknown): EventStyle =>
  (body as { rendering_mode?: unknown } | undefined)?.rendering_mode === 'messages' ? 'messages' : 'legacy'

function parse (body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    throw refusal('invalid_request_error', 'Invalid JSON')
  }
}

/** @throws WebError 403 */
export function ownOrganization (request: FastifyRequest<InOrganization>): Organization {
  return organizationOf(visitOf(request).account, request.params.organization)
}

/**
 * Sends a good answer: with the cookie that is due, and in the way of the request's fault if it has one.
 * @param answer nothing for one without a body: a 204
 */
export async function welcome (request: FastifyRequest, reply: FastifyReply, answer: object | Generator<string> | undefined, status = 200) {
  const cookie = visitOf(request).account.renewals.shift()
  if (cookie !== undefined) reply.header('set-cookie', cookie)
  if (answer === undefined && exchangeOf(request).chosen === undefined) return reply.code(204).send()
  return respond(request, reply.code(status), answer ?? {})
}
