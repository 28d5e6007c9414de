import type { FastifyBaseLogger } from 'fastify'
import { ConfigError, type Config, type LoadedConfig } from './config.ts'
import type { KeyStore } from './plugins/key-store.ts'

export interface ReloadDeps {
  /** Reads the configuration again. @throws ConfigError */
  load: () => LoadedConfig
  /** The settings that the gateway runs with. */
  running: Config
  keyStore: Pick<KeyStore, 'configure'>
  log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>
}

/** Takes over the API keys of the configuration file, and nothing else of it. A configuration that is not good changes nothing. */
export function reloadKeys ({ load, running, keyStore, log }: ReloadDeps): void {
  let loaded: LoadedConfig
  try {
    loaded = load()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return log.error({ problems: error.problems }, 'SIGHUP received: the configuration has problems, and what runs stays as it is')
  }
  const { config, keySource } = loaded
  const changed = differences(running, config)
  if (changed.length > 0) log.warn({ settings: changed }, 'SIGHUP received: these settings have changed too, and need a restart')
  const { added, removed } = keyStore.configure(config.claude.api_keys, keySource)
  const note = keySource === 'env' && config.claude.api_keys.length > 0 ? '; CCPROXY_CLAUDE_API_KEYS is set, so the file\'s are not used' : ''
  log.info({ keys: config.claude.api_keys.length, added, removed }, `SIGHUP received: API keys read again${note}`)
}

/** Names of the settings that differ, the keys left out. Never their values. */
function differences (running: Config, now: Config): string[] {
  return Object.entries(running).flatMap(([section, settings]) => {
    const others = now[section as keyof Config] as Record<string, unknown>
    return Object.keys({ ...settings, ...others })
      .filter((name) => name !== 'api_keys' && JSON.stringify((settings as Record<string, unknown>)[name]) !== JSON.stringify(others[name]))
      .map((name) => `${section}.${name}`)
  })
}
