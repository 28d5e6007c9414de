/** The simulator as an upstream: an Anthropic API and a claude.ai at one address. */
import { buildSimulator } from '../../src/simulator/app.ts'
import { answerParent } from './probe.ts'

const simulator = buildSimulator()
const url = await simulator.listen({ host: '127.0.0.1', port: 0 })
answerParent({ port: Number(new URL(url).port) })
