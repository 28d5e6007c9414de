import './node-version.ts'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import type { LoadedConfig } from './config.ts'
import type { LogDestination } from './log-destination.ts'

// Half of a start is compiling. What was compiled is kept, where it can be, in a folder of the installation: the system's own for temporary files is
// anybody's to write to. Where the installation is read-only nothing is kept.
const { enableCompileCache } = await import('node:module')
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/ccproxy', import.meta.url)))

// Loaded late: a static import would be linked, and could fail, before the Node version has been looked at.
const { readFileSync } = await import('node:fs')
const { default: closeWithGrace } = await import('close-with-grace')
const { buildApp } = await import('./app.ts')
const { ConfigError, loadConfig } = await import('./config.ts')
const { ensureSecrets, loadDotEnv } = await import('./first-start.ts')
const { logDestination } = await import('./log-destination.ts')
const { reloadKeys } = await import('./reload.ts')

/** Time to close what is left after a drain, or after a fault that allows for none; milliseconds. */
const CLOSING_TIME = 5_000

/** What an operator can mend is told in plain words; a stack trace would only hide it. */
function giveUp (message: string): never {
  console.error(message)
  process.exit(1)
}

const place = { env: process.env, cwd: process.cwd() }

function readConfig (): LoadedConfig {
  loadDotEnv(place)
  const firstStart = ensureSecrets(place)
  if (firstStart !== undefined) console.error(firstStart)
  const loaded = loadConfig(place)
  for (const warning of loaded.warnings) console.error(`Warning: ${warning}`)
  return loaded
}

/** Running answers are not waited for: nothing can be relied on any more. */
async function endAfterFault (app: FastifyInstance, log: LogDestination, err: unknown): Promise<never> {
  app.log.fatal({ err }, 'a fault that nobody handled: ending')
  setTimeout(() => process.exit(1), CLOSING_TIME).unref()
  await app.close()
  await log.end()
  process.exit(1)
}

/** The first signal lets running answers finish, the second ends at once. */
function closeOnSignals (app: FastifyInstance, log: LogDestination, drainTimeout: number): void {
  closeWithGrace({
    delay: drainTimeout + 2 * CLOSING_TIME,
    logger: app.log,
    // After a real SIGSEGV and its kin no JavaScript can run safely. Source: Node.js docs, "Signal events".
    skip: ['SIGHUP', 'SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'beforeExit'],
    onSecondSignal: (signal) => app.log.warn(`${signal} again: ending at once`)
  }, async ({ signal, err }) => {
    if (signal === undefined) return endAfterFault(app, log, err)
    app.log.info(`${signal} received: draining`)
    await app.drain.start()
    await app.close()
    await log.end()
  })
}

async function start (): Promise<void> {
  const { config, keySource } = readConfig()
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  const log = logDestination()
  const app = await buildApp(config, { version, keySource, logStream: log })
  closeOnSignals(app, log, config.server.drain_timeout)
  process.on('SIGHUP', () => reloadKeys({ load: () => loadConfig(place), running: config, keyStore: app.keyStore, log: app.log }))
  const { host, port } = config.server
  try {
    await app.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    const reason = code === 'EADDRINUSE' ? 'the port is in use' : `not possible (${code})`
    giveUp(`Cannot listen on ${host} port ${port}: ${reason}. Set CCPROXY_SERVER_HOST or CCPROXY_SERVER_PORT (server.host, server.port) to another one.`)
  }
}

await start().catch((error: unknown) => {
  if (error instanceof ConfigError) giveUp(error.message)
  throw error
})
