import { randomBytes } from 'node:crypto'
import { appendFileSync, chmodSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { ConfigError, configKeys } from './config.ts'
import { readSources, type Place } from './config-sources.ts'

/**
 * Adds what `.env` in `cwd` says to `env`. What is set there already wins; an empty value counts as unset, as everywhere in the
 * configuration (`process.loadEnvFile` would let it win).
 * @throws ConfigError when `.env` cannot be read
 */
export function loadDotEnv ({ env, cwd }: Place): void {
  const path = join(cwd, '.env')
  if (!existsSync(path)) return
  const entries = attempt(`${path} cannot be read`, () => parseEnv(readFileSync(path, 'utf8')))
  for (const [name, value] of Object.entries(entries)) env[name] ||= value
}

/**
 * On a first start (neither secret set in `env` or the file, not in production) appends random secrets to `.env` in `cwd` and sets them
 * in `env`. With only one of them set it does nothing, and `loadConfig` reports the other as missing.
 * @returns what to tell the user, or `undefined` when nothing was written; never holds a secret
 * @throws ConfigError when `.env` cannot be written
 */
export function ensureSecrets ({ env, cwd }: Place): string | undefined {
  if (env['NODE_ENV'] === 'production') return undefined
  const { values, problems } = readSources({ env, cwd }, configKeys())
  // A file that could not be read may hold the secrets: new ones in `.env` would silently win over them later.
  if (values.has('jwt.secret') || values.has('admin.key') || problems.length > 0) return undefined
  const secrets = {
    CCPROXY_JWT_SECRET: randomBytes(32).toString('base64url'),
    CCPROXY_ADMIN_KEY: `ccp-admin-${randomBytes(24).toString('base64url')}`
  }
  const path = join(cwd, '.env')
  attempt(`${path} cannot be written, and CCPROXY_JWT_SECRET and CCPROXY_ADMIN_KEY are not set`, () => appendPrivately(path, secrets))
  Object.assign(env, secrets)
  return `First start: wrote a random CCPROXY_JWT_SECRET and CCPROXY_ADMIN_KEY to ${path}, readable by its owner only.`
}

function appendPrivately (path: string, entries: Record<string, string>): void {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const gap = before === '' || before.endsWith('\n') ? '' : '\n'
  const lines = Object.entries(entries).map(([name, value]) => `${name}=${value}\n`).join('')
  // Closed to others before the secrets are in it, not after.
  appendFileSync(path, gap, { mode: 0o600 })
  chmodSync(path, statSync(path).mode & 0o700)
  appendFileSync(path, `# Written at the first start. Keep this file private.\n${lines}`)
}

function attempt<T> (complaint: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw new ConfigError([`${complaint} (${(error as NodeJS.ErrnoException).code}); check the permissions of the file and its folder.`])
  }
}
