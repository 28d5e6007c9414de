import { isIPv6 } from 'node:net'
import { ConfigError, configKeys } from '../config.ts'
import { readSources, type Place, type Sources } from '../config-sources.ts'
import { loadDotEnv } from '../first-start.ts'
import { CliError, usageError } from './errors.ts'
import { note, type Io } from './io.ts'
import { readSecret } from './secret-input.ts'

/** Options of every command that speaks with a gateway. */
export interface GatewayOptions {
  url?: string
  adminKeyFile?: string
}

const DEFAULT_PORT = 8080
const ADMIN_KEY = { what: 'admin key', option: '--admin-key-file' }

/** The environment with what `.env` adds to it; the process's own stays as it is. */
export function placeOf ({ env, cwd }: Pick<Io, 'env' | 'cwd'>): Place {
  const place = { env: { ...env }, cwd }
  try {
    loadDotEnv(place)
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError(error.problems.join('\n'), { code: 'configuration' })
    throw error
  }
  return place
}

/** The settings as far as they can be read: a command needs only a few, and a mistake in the others must not keep it from working. */
export function sourcesOf (io: Pick<Io, 'env' | 'cwd'>): Sources {
  return readSources(placeOf(io), configKeys())
}

function settingOf (sources: Sources, name: string): string | undefined {
  const value = sources.values.get(name)?.value
  return value === undefined ? undefined : String(value).trim()
}

/**
 * Where the gateway is: `--url`, `CCPROXY_URL`, or the host and port of the configuration.
 * @returns without a slash at the end
 */
export function gatewayUrl (io: Io, { url }: GatewayOptions): string {
  const given = url ?? io.env['CCPROXY_URL']?.trim()
  if (given) return checkedUrl(given, url === undefined ? 'CCPROXY_URL' : '--url')
  const sources = sourcesOf(io)
  const host = settingOf(sources, 'server.host') ?? '0.0.0.0'
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${settingOf(sources, 'server.port') ?? DEFAULT_PORT}`
}

/** @param name where the URL was written, for the message */
export function checkedUrl (text: string, name: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) throw usageError(`${name}: must be a URL such as http://127.0.0.1:8080.`)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') throw usageError(`${name}: must hold neither credentials nor a query; end it after the host, or its path.`)
  return url.origin + url.pathname.replace(/\/+$/, '')
}

/** The admin key: from its file, or from the configuration; `undefined` where it must be asked for. */
export async function knownAdminKey (io: Io, { adminKeyFile }: GatewayOptions): Promise<string | undefined> {
  if (adminKeyFile === undefined) return settingOf(sourcesOf(io), 'admin.key')
  return readSecret(io, { ...ADMIN_KEY, file: adminKeyFile })
}

/** @throws CliError where nobody can be asked */
export async function askAdminKey (io: Io): Promise<string> {
  return readSecret(io, ADMIN_KEY)
}

/** Told once for each command: who listens on the way reads the key. */
export function warnOfPlainHttp (io: Io, url: string): void {
  const { protocol, hostname } = new URL(url)
  if (protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')) return
  note(io, `Warning: ${url} is not encrypted; whoever listens on the way reads what is sent. Use https, or run this on the gateway's machine.`)
}
