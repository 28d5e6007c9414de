import type { FastifyInstance } from 'fastify'
import { until } from './until.ts'

/** Waits until the gateway holds nothing any more for any request: no exchange, no upstream request, no lease. */
export async function settled ({ exchanges, apiUpstream, keyPool }: FastifyInstance): Promise<void> {
  await until(() => exchanges.size === 0 && apiUpstream.running === 0 && keyPool.leases === 0, 'nothing to run')
}

/** A small Messages request. */
export function messages (changes: object = {}): string {
  return JSON.stringify({ model: 'claude-sonnet-5-5', max_tokens: 16, messages: [{ role: 'user', content: 'hi' }], ...changes })
}

export const STREAMING = messages({ stream: true })
