import t from 'tap'
import { ConfigError, type LoadedConfig } from '../src/config.ts'
import { reloadKeys } from '../src/reload.ts'
import { testConfig, type ConfigChanges } from './helpers/gateway.ts'

/** Reloads, and tells what was logged and what the pool was given. */
function reload (load: () => LoadedConfig) {
  const logged: unknown[][] = []
  const given: unknown[][] = []
  const line = (level: string) => (...args: unknown[]) => { logged.push([level, ...args]) }
  reloadKeys({
    load,
    running: testConfig(),
    keyStore: { configure: (...args) => { given.push(args); return { added: 2, removed: 1 } } },
    log: { info: line('info'), warn: line('warn'), error: line('error') }
  })
  return { logged, given }
}

const loaded = (changes: ConfigChanges, keySource: 'env' | 'file' = 'file') => () => ({ config: testConfig(changes), warnings: [], keySource })
const KEYS = [{ key: 'sk-ant-made-up-new' }]

t.test('the file\'s keys are taken over', async (t) => {
  const { logged, given } = reload(loaded({ claude: { api_keys: KEYS } }))
  t.same(given, [[KEYS, 'file']])
  t.match(logged, [['info', { keys: 1, added: 2, removed: 1 }, 'SIGHUP received: API keys read again']])
})

t.test('a configuration with problems changes nothing, and is told', async (t) => {
  const { logged, given } = reload(() => { throw new ConfigError(['claude.colour: is not a known setting']) })
  t.same(given, [])
  t.match(logged, [['error', { problems: [/colour/] }, /stays as it is/]])
})

t.test('other settings that differ are named, never shown, and left alone', async (t) => {
  const { logged } = reload(loaded({ claude: { idle_timeout: 1 }, admin: { key: 'made-up-new-admin-key' } }))
  t.match(logged[0], ['warn', { settings: ['admin.key', 'claude.idle_timeout'] }, /restart/])
  t.notMatch(JSON.stringify(logged), /made-up-new/)
})

t.test('keys of the environment win over the file\'s, and that is said', async (t) => {
  t.match(reload(loaded({}, 'env')).logged, [['info', {}, /CCPROXY_CLAUDE_API_KEYS is set/]])
})
