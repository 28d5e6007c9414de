import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Test } from 'tap'
import { buildSimulator, type SeenRequest, type Simulator } from '../../../src/simulator/app.ts'
import { startGateway, type ConfigChanges, type TestGateway } from '../../helpers/gateway.ts'
import { until } from '../../helpers/until.ts'

/** The gateway's line about one request, as far as the tests read it. */
export interface LogLine {
  route: string
  status: number
  outcome: string | null
  trail?: string[]
}

export interface World extends TestGateway {
  /** Where the simulator listens: the way around the gateway. */
  simulatorUrl: string
  simulator: Simulator['simulator']
  /** Requests as they reached the simulator, in order. */
  seen: SeenRequest[]
  /** Those among them that ask a model; the gateway asks for the list of models on its own account. */
  asked: () => SeenRequest[]
  /** Headers of the requests as they reached the gateway, in order. */
  arrived: IncomingHttpHeaders[]
  /** The log's lines about the Anthropic protocol, in the order in which the answers ended. Waits until none is running. */
  answered: () => Promise<LogLine[]>
}

/**
 * The gateway in front of a simulator, both on free ports of the loopback. They end with the test. The same answer always has the same id, unless
 * `random` makes ids.
 */
export async function startWorld (t: Test, changes: ConfigChanges = {}, random = sevens): Promise<World> {
  const seen: SeenRequest[] = []
  const simulator = buildSimulator({ random, onRequest: (request) => { seen.push(request) } })
  // What is torn down last comes first: a gateway that closes must not meet a dead upstream.
  t.teardown(() => simulator.close())
  const simulatorUrl = await simulator.listen({ host: '127.0.0.1', port: 0 })
  const gateway = await startGateway(t, simulatorUrl, { ...changes, log: { level: 'info' } })
  const arrived: IncomingHttpHeaders[] = []
  gateway.app.server.on('request', ({ headers }: IncomingMessage) => { arrived.push(headers) })
  const answered = async () => {
    await until(() => gateway.app.exchanges.size === 0, 'every exchange to end')
    const lines = gateway.log.map((line) => JSON.parse(line) as LogLine)
    return lines.filter(({ route }) => route?.startsWith('/v1/'))
  }
  return { ...gateway, simulatorUrl, simulator: simulator.simulator, seen, asked: () => seen.filter(({ url }) => url.startsWith('/v1/messages')), arrived, answered }
}

function sevens (size: number): Uint8Array {
  return new Uint8Array(size).fill(7)
}

/** A request's body as the simulator got it. */
export function bodyOf<Body> ({ body }: SeenRequest): Body {
  return JSON.parse(body.toString()) as Body
}
