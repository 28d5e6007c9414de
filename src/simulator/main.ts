import { parseArgs } from 'node:util'
import { buildSimulator } from './app.ts'

/** Starts the simulator alone, for programs that need an Anthropic API to talk to, and prints its address as the only line. */
const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    'pace-ms': { type: 'string', default: '0' }
  }
})
const app = buildSimulator({ paceMs: Number(values['pace-ms']) })
console.log(await app.listen({ host: values.host, port: Number(values.port) }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => app.close())
