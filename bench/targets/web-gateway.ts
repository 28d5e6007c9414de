/** The gateway in web mode: as it is served, with sessions of the simulated claude.ai. The upstream plays both, so one address is enough. */
import { ADMIN_KEY, makeToken, testConfig } from '../../test/helpers/gateway.ts'
import { buildApp } from '../../src/app.ts'
import { logDestination } from '../../src/log-destination.ts'
import { answerParent } from './probe.ts'

/** Accounts of which none has a limit, so that requests never wait for one another. */
const SESSIONS = 4

const [origin, connections, folder] = process.argv.slice(2)

const config = testConfig({
  claude: { api_keys: [], api_url: origin!, web_url: origin!, max_connections: Number(connections) },
  storage: { db_path: `${folder}/ccproxy.db` },
  log: { level: 'info' }
})
const app = await buildApp(config, { logStream: logDestination() })
const url = await app.listen({ host: '127.0.0.1', port: 0 })
for (let number = 1; number <= SESSIONS; number++) {
  const payload = { name: `session ${number}`, session_key: `sk-ant-sid01-made-up-cookie-of-bench-${number}-aaaa` }
  const answer = await app.inject({ method: 'POST', url: '/api/session/add', headers: { 'x-admin-key': ADMIN_KEY }, payload })
  if (answer.statusCode !== 200) throw new Error(`the session was not added: ${answer.body}`)
}
const { token } = await makeToken(app, { name: 'bench' })
answerParent({ port: Number(new URL(url).port), token })
