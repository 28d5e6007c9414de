/** The gateway as it is served, nothing switched off: tokens, validation, key pool, accounts, a database file, a log line for each request. */
import { makeToken, testConfig } from '../../test/helpers/gateway.ts'
import { buildApp } from '../../src/app.ts'
import { logDestination } from '../../src/log-destination.ts'
import { answerParent } from './probe.ts'

const [origin, connections, folder] = process.argv.slice(2)

const config = testConfig({
  claude: {
    api_url: origin!,
    api_keys: ['1', '2', '3'].map((digit) => ({ key: `sk-ant-made-up-key-${digit.repeat(8)}` })),
    max_connections: Number(connections)
  },
  storage: { db_path: `${folder}/ccproxy.db` },
  log: { level: 'info' }
})

// The log goes where the product's goes: to standard output, which the parent has made a file.
const app = await buildApp(config, { logStream: logDestination() })
const url = await app.listen({ host: '127.0.0.1', port: 0 })
const { token } = await makeToken(app, { name: 'bench' })
answerParent({ port: Number(new URL(url).port), token })
