import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { SessionRow } from '../../src/plugins/database/schema.ts'
import { buildSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/app.ts'
import { ADMIN_KEY, startGateway, type ConfigChanges, type TestGateway } from './gateway.ts'
import { until } from './until.ts'

/** A stored session that nothing is wrong with; its secret is none. */
export function sessionRow (id: string, changes: Partial<SessionRow> = {}): SessionRow {
  return {
    id,
    name: id,
    secret: 'none',
    previous_secret: null,
    organization_id: '00000000-0000-4000-8000-0000000000aa',
    organization_name: 'made up',
    plan: 'pro',
    status: 'active',
    status_reason: null,
    is_active: 1,
    created_at: 1_000,
    expires_at: null,
    key_since: 1_000,
    cookie_expires_at: null,
    last_used_at: null,
    ...changes
  }
}

/** A made-up cookie that the simulator takes; parts of its name choose what its account is like. */
export function cookieOf (name: string): string {
  return `sk-ant-sid01-made-up-cookie-of-${name}-aaaa`
}

export interface WebGateway extends TestGateway {
  simulator: Simulator
  /** The simulated claude.ai, as a test sees and turns it. */
  web: Simulator['simulator']['web']
  /** Asks an admin route. */
  admin (path: string, body?: object, method?: 'GET' | 'POST' | 'DELETE'): Promise<{ status: number, body: any }>
  /** The ids of the sessions, in the order of their names. */
  sessions: string[]
}

export interface WebGatewayOptions extends ConfigChanges {
  simulatorOptions?: SimulatorOptions
}

/** The real gateway in web mode in front of a simulated claude.ai, with a session for each cookie. */
export async function startWebGateway (t: Test, cookies: string[], { simulatorOptions, ...changes }: WebGatewayOptions = {}): Promise<WebGateway> {
  const simulator = buildSimulator(simulatorOptions)
  t.teardown(() => simulator.close())
  const url = await simulator.listen({ host: '127.0.0.1', port: 0 })
  const gateway = await startGateway(t, url, { ...changes, claude: { api_keys: [], web_url: url, ...changes.claude } })
  const admin: WebGateway['admin'] = async (path, body, method = body === undefined ? 'GET' : 'POST') => {
    const answer = await gateway.app.inject({ method, url: path, headers: { 'x-admin-key': ADMIN_KEY }, payload: body })
    return { status: answer.statusCode, body: answer.json() }
  }
  const sessions: string[] = []
  for (const [index, cookie] of cookies.entries()) {
    const { status, body } = await admin('/api/session/add', { name: `session ${index + 1}`, session_key: cookie })
    if (status !== 200) throw new Error(`the session was not added: ${JSON.stringify(body)}`)
    sessions.push(body.id)
  }
  return { ...gateway, simulator, web: simulator.simulator.web, admin, sessions }
}

/** Waits until the gateway holds nothing for any request, and has deleted what it meant to delete. */
export async function webSettled ({ exchanges, webUpstream, sessionPool, webConversations }: FastifyInstance): Promise<void> {
  await until(() => exchanges.size === 0 && webUpstream.running === 0 && sessionPool.leases === 0 && webConversations.leftovers === 0, 'nothing to run')
}
