import type { FastifyReply, FastifyRequest } from 'fastify'
import { exchangeOf } from './exchange.ts'
import { Wire } from './wire.ts'

/**
 * Sends an answer: a generator as the events of a stream, any other object as JSON, each in the way of the request's fault if it has one.
 * A plain JSON answer takes Fastify's ordinary way; all others are written to the socket here.
 */
export async function respond (request: FastifyRequest, reply: FastifyReply, answer: object | Generator<string>): Promise<FastifyReply> {
  const exchange = exchangeOf(request)
  const { chosen, requestId, simulation: { paceMs, clock } } = exchange
  const streaming = isStream(answer)
  if (!streaming && chosen?.fault.deliver === undefined) return reply.send(answer)
  reply.hijack()
  const headers = { ...reply.getHeaders() as Record<string, string>, ...contentHeaders(streaming) }
  const wire = new Wire(reply.raw, { headers, frames: streaming ? answer : [JSON.stringify(answer)], streaming, paceMs, requestId })
  exchange.wire = wire
  if (chosen?.fault.deliver === undefined) {
    await wire.send()
    wire.end()
  } else {
    await chosen.fault.deliver(wire, { number: chosen.number, now: clock() })
  }
  return reply
}

/** An array can be iterated too, and is JSON all the same. */
const isStream = (answer: object): answer is Generator<string> => !Array.isArray(answer) && Symbol.iterator in answer

const contentHeaders = (streaming: boolean): Record<string, string> => streaming
  ? { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }
  : { 'content-type': 'application/json' }
