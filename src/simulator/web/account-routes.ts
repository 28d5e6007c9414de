import type { FastifyInstance } from 'fastify'
import { exchangeOf } from '../exchange.ts'
import { ownOrganization, visitOf, welcome, type InOrganization } from './visit.ts'

/** Who one is, and how much of the plan is used. */
export async function accountRoutes (app: FastifyInstance): Promise<void> {
  app.get('/organizations', { config: { endpoint: 'organizations' } }, async (request, reply) => {
    return welcome(request, reply, visitOf(request).account.organizations)
  })

  app.get('/bootstrap', { config: { endpoint: 'bootstrap' } }, async (request, reply) => {
    const { account: { organizations } } = visitOf(request)
    return welcome(request, reply, {
      account: { email_address: 'made-up@example.com', memberships: organizations.map((organization) => ({ role: 'admin', organization })) }
    })
  })

  // Utilizations are 0 to 100 here, other than in the stream.
  app.get<InOrganization>('/organizations/:organization/usage', { config: { endpoint: 'usage' } }, async (request, reply) => {
    ownOrganization(request)
    const { account: { quota } } = visitOf(request)
    const now = exchangeOf(request).simulation.clock()
    return welcome(request, reply, {
      five_hour: { utilization: quota.fiveHour * 100, resets_at: new Date(now + 5 * HOUR).toISOString() },
      seven_day: { utilization: quota.sevenDay * 100, resets_at: new Date(now + 7 * 24 * HOUR).toISOString() },
      seven_day_opus: null,
      limits: []
    })
  })
}

const HOUR = 3_600_000
