import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { parseArgs } from 'node:util'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../app.ts'
import { ConfigError, loadConfig, type Config } from '../config.ts'
import { buildSimulator } from './app.ts'
import { demoGuide } from './demo-guide.ts'

/** Milliseconds between two events: about as fast as a model writes. */
const PACE = 40

const secret = () => randomBytes(32).toString('base64url')

/** A gateway's settings for this run only. Nothing is taken from the surroundings but the port: real keys must not get into a demo. */
function demoConfig (folder: string, upstream: string): Config {
  return loadConfig({
    cwd: folder,
    env: {
      CCPROXY_JWT_SECRET: secret(),
      CCPROXY_ADMIN_KEY: `ccp-admin-${secret()}`,
      CCPROXY_CLAUDE_API_KEYS: 'sk-ant-sim-demo-aaaa,sk-ant-sim-demo-bbbb',
      CCPROXY_CLAUDE_API_URL: upstream,
      CCPROXY_CLAUDE_WEB_URL: upstream,
      CCPROXY_SERVER_HOST: '127.0.0.1',
      CCPROXY_SERVER_PORT: process.env['PORT'],
      CCPROXY_STORAGE_DB_PATH: join(folder, 'demo.db'),
      CCPROXY_LOG_LEVEL: 'warn'
    }
  }).config
}

/** Listens on the port of the settings, or on a free one when that is taken. */
async function listen (app: FastifyInstance, { host, port }: Config['server']): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return app.listen({ host, port: 0 })
  }
}

async function post (url: string, headers: Record<string, string>, body: object): Promise<Response> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`POST ${url} answered ${response.status}: ${await response.text()}`)
  return response
}

async function makeToken (url: string, adminKey: string): Promise<string> {
  const response = await post(`${url}/api/token/generate`, { 'x-admin-key': adminKey }, { name: 'demo', expires_in: '24h' })
  const { token } = await response.json() as { token: string }
  return token
}

/** A session of the simulated claude.ai, as its owner would paste it. */
const COOKIE = 'sk-ant-sid01-made-up-cookie-of-the-demo-aaaa'

/** Asks one question through the gateway and writes the answer as it comes. */
async function streamAnswer (url: string, token: string, mode: 'api' | 'web', question: string): Promise<void> {
  const response = await post(`${url}/v1/messages`, { authorization: `Bearer ${token}`, 'anthropic-version': '2023-06-01', 'x-proxy-mode': mode },
    { model: 'claude-opus-5-5', max_tokens: 256, stream: true, messages: [{ role: 'user', content: question }] })
  for await (const line of createInterface({ input: Readable.from(response.body!) })) {
    if (!line.startsWith('data: ')) continue
    const { delta } = JSON.parse(line.slice(6)) as { delta?: { text?: string } }
    process.stdout.write(delta?.text ?? '')
  }
  process.stdout.write('\n')
}

/** A simulated Claude, a gateway in front of it, a token, one answer, and what to try next. */
async function demo (folder: string, once: boolean): Promise<void> {
  const simulator = buildSimulator({ paceMs: PACE })
  const config = demoConfig(folder, await simulator.listen({ host: '127.0.0.1', port: 0 }))
  const app = await buildApp(config, { logStream: process.stderr })
  const close = async () => {
    await app.close()
    await simulator.close()
  }
  const ending = closeWithGrace({ delay: 5_000 }, async ({ err }) => {
    if (err !== undefined) console.error(err)
    await close()
  })
  const url = await listen(app, config.server)
  const token = await makeToken(url, config.admin.key)
  console.log(`A gateway is running at ${url}, in front of a simulated Claude. Nothing leaves this machine, and nothing is kept.\n`)
  await post(`${url}/api/session/add`, { 'x-admin-key': config.admin.key }, { name: 'demo', session_key: COOKIE })
  for (const [mode, way] of [['api', 'by the API'], ['web', 'by claude.ai, with the owner\'s session']] as const) {
    console.log(`You, ${way}: Good morning, Claude!`)
    process.stdout.write('Claude: ')
    await streamAnswer(url, token, mode, 'Good morning, Claude!')
  }
  console.log(`\n${demoGuide({ url, token, adminKey: config.admin.key })}\n`)
  if (!once) return console.log('Ctrl-C ends the demo.')
  ending.uninstall()
  await close()
}

const { values: { once } } = parseArgs({ options: { once: { type: 'boolean', default: process.env['DEMO_ONCE'] === '1' } } })
const folder = mkdtempSync(join(tmpdir(), 'ccproxy-demo-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
try {
  await demo(folder, once)
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error)
  process.exit(1)
}
