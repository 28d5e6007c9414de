import t, { type Test } from 'tap'
import { configKeys, loadConfig } from '../src/config.ts'
import { problemsOf } from './helpers/problems.ts'

const SECRET = 'made-up-jwt-secret-of-more-than-32-bytes'
const REQUIRED = { CCPROXY_JWT_SECRET: SECRET, CCPROXY_ADMIN_KEY: 'made-up-admin-key' }

/** Loads from a folder of its own that holds `file` as config.yaml. */
function load (t: Test, env: Record<string, string | undefined>, file?: string) {
  return loadConfig({ env: { ...REQUIRED, ...env }, cwd: t.testdir(file === undefined ? {} : { 'config.yaml': file }) })
}

t.test('with nothing but the secrets, every setting has its default', async (t) => {
  const { config, warnings } = load(t, {})
  t.same(config, {
    jwt: { secret: SECRET, issuer: 'ccproxy', default_expiry: 720 * 3_600_000 },
    admin: { key: 'made-up-admin-key' },
    claude: {
      api_keys: [],
      key_strategy: 'round_robin',
      api_url: 'https://api.anthropic.com',
      web_url: 'https://claude.ai',
      connect_timeout: 5_000,
      headers_timeout: 600_000,
      idle_timeout: 120_000,
      max_connections: 1024,
      web_conversation_ttl: 1_800_000,
      retry_timeouts: false
    },
    models: { aliases: {} },
    openai: { prompt_caching: true },
    server: {
      host: '0.0.0.0', port: 8080, mode: 'both', trust_proxy: [], drain_timeout: 120_000, stall_timeout: 60_000, ping_interval: 15_000
    },
    storage: { db_path: './data/ccproxy.db', old_encryption_keys: [] },
    log: { level: 'info' }
  })
  t.same(warnings, [])
})

t.test('the environment wins over the file, setting by setting', async (t) => {
  const { config } = load(t, { CCPROXY_SERVER_PORT: '9001' }, 'server:\n  port: 9000\n  mode: api\n')
  t.match(config.server, { port: 9001, mode: 'api' })
})

t.test('an empty value in the environment counts as unset', async (t) => {
  t.equal(load(t, { CCPROXY_SERVER_PORT: ' ' }, 'server:\n  port: 9000\n').config.server.port, 9000)
})

t.test('an empty value in the file counts as unset', async (t) => {
  t.equal(load(t, {}, 'server:\n  port:\nclaude:\n').config.server.port, 8080)
})

t.test('CCPROXY_CONFIG names another file', async (t) => {
  const cwd = t.testdir({ 'config.yaml': 'server:\n  port: 1\n', etc: { 'other.yaml': 'server:\n  port: 2\n' } })
  t.equal(loadConfig({ env: { ...REQUIRED, CCPROXY_CONFIG: 'etc/other.yaml' }, cwd }).config.server.port, 2)
})

t.test('a file that CCPROXY_CONFIG names must exist', async (t) => {
  t.match(problemsOf(() => load(t, { CCPROXY_CONFIG: 'absent.yaml' })), [/^CCPROXY_CONFIG: the file absent\.yaml cannot be read \(ENOENT\)/])
})

t.test('lists in the environment are split at commas, trimmed, and empty entries dropped', async (t) => {
  const { config } = load(t, { CCPROXY_CLAUDE_API_KEYS: ' made-up-1 ,, made-up-2,', CCPROXY_SERVER_TRUST_PROXY: '10.0.0.0/8, ::1' })
  t.same(config.claude.api_keys, [{ key: 'made-up-1' }, { key: 'made-up-2' }])
  t.same(config.server.trust_proxy, ['10.0.0.0/8', '::1'])
})

t.test('API keys in the file are text or entries with labels', async (t) => {
  const file = 'claude:\n  api_keys:\n    - made-up-1\n    - { key: made-up-2, name: two, org: lab, workspace: dev, weight: 0.5 }\n'
  t.same(load(t, {}, file).config.claude.api_keys, [
    { key: 'made-up-1' },
    { key: 'made-up-2', name: 'two', org: 'lab', workspace: 'dev', weight: 0.5 }
  ])
})

t.test('it is told where the API keys come from', async (t) => {
  const file = 'claude:\n  api_keys: made-up-1\n'
  t.equal(load(t, {}, file).keySource, 'file')
  t.equal(load(t, { CCPROXY_CLAUDE_API_KEYS: 'made-up-2' }, file).keySource, 'env')
  t.equal(load(t, {}).keySource, 'env')
})

t.test('a switch is true or false, in the environment and in the file', async (t) => {
  t.equal(load(t, { CCPROXY_CLAUDE_RETRY_TIMEOUTS: 'TRUE' }).config.claude.retry_timeouts, true)
  t.equal(load(t, { CCPROXY_CLAUDE_RETRY_TIMEOUTS: 'false' }, 'claude:\n  retry_timeouts: true\n').config.claude.retry_timeouts, false)
  t.equal(load(t, {}, 'claude:\n  retry_timeouts: true\n').config.claude.retry_timeouts, true)
  for (const text of ['yes', '1', 'on']) {
    t.match(problemsOf(() => load(t, { CCPROXY_CLAUDE_RETRY_TIMEOUTS: text })), [/CCPROXY_CLAUDE_RETRY_TIMEOUTS .*must be true or false; it is "/])
  }
})

t.test('a label that no API key has is a problem that names the entry', async (t) => {
  const problems = problemsOf(() => load(t, {}, 'claude:\n  api_keys:\n    - made-up-1\n    - { key: made-up-2, wait: 3 }\n'))
  t.same(problems, ['CCPROXY_CLAUDE_API_KEYS (claude.api_keys), from config.yaml: entry 2: must have no other names than key, name, org, workspace, weight.'])
})

t.test('an API key entry needs its key', async (t) => {
  t.match(problemsOf(() => load(t, {}, 'claude:\n  api_keys:\n    - { name: nameless }\n')), [/entry 1: "key" is required\.$/])
})

t.test('one error lists every problem, each with both spellings', async (t) => {
  const env = { CCPROXY_JWT_SECRET: '', CCPROXY_SERVER_PORT: 'eighty', CCPROXY_SERVER_MODE: 'apo', CCPROXY_SERVER_HOTS: 'x', CCPROXY_LOG_LEVEL: 'loud' }
  const problems = problemsOf(() => load(t, env, 'server:\n  stall_timeout: soon\n  colour: red\nclaude:\n  max_connections: 0\n'))
  t.match(problems, [
    /^server\.colour in config\.yaml: is not a known setting/,
    /^CCPROXY_SERVER_HOTS: is not a known setting; did you mean CCPROXY_SERVER_HOST \(server\.host\)\?$/,
    /^CCPROXY_JWT_SECRET \(jwt\.secret\): is required.*make one with: /,
    /^CCPROXY_CLAUDE_MAX_CONNECTIONS \(claude\.max_connections\), from config\.yaml: must be a whole number of at least 1; it is 0\.$/,
    /^CCPROXY_SERVER_PORT \(server\.port\), from the environment: must be a whole number from 0 to 65535; it is "eighty"\.$/,
    /^CCPROXY_SERVER_MODE \(server\.mode\), from the environment: must be one of api, web, both; it is "apo"\.$/,
    /^CCPROXY_SERVER_STALL_TIMEOUT \(server\.stall_timeout\), from config\.yaml: must be a duration such as "90m".*; it is "soon"\.$/,
    /^CCPROXY_LOG_LEVEL \(log\.level\), from the environment: must be one of trace, .*; it is "loud"\.$/
  ])
  t.equal(problems.length, 8)
})

t.test('the message of the error holds every problem', async (t) => {
  t.throws(() => load(t, { CCPROXY_SERVER_PORT: '-1', CCPROXY_SERVER_MODE: 'all' }), { message: /has 2 problems:\n {2}- .*server\.port.*\n {2}- .*server\.mode/ })
})

t.test('a misspelt setting of the file is answered with the nearest known one', async (t) => {
  t.same(problemsOf(() => load(t, {}, 'servr:\n  port: 1\n')), [
    'servr.port in config.yaml: is not a known setting; did you mean server.port (CCPROXY_SERVER_PORT)?'
  ])
})

t.test('a section without settings below it is explained', async (t) => {
  t.match(problemsOf(() => load(t, {}, 'server: 8080\n')), [/^server in config\.yaml: must have its settings indented below it/])
})

t.test('a file that is not made of sections is explained', async (t) => {
  t.match(problemsOf(() => load(t, {}, '- port\n')), [/^config\.yaml: must hold sections/])
})

t.test('a number where text is needed is explained', async (t) => {
  t.match(problemsOf(() => load(t, {}, 'server:\n  host: 127\n')), [/must be text that is not empty \(a number needs quotes to be text\); it is 127\.$/])
})

t.test('variables that Kubernetes sets for a Service named ccproxy are not settings', async (t) => {
  const links = { CCPROXY_SERVICE_HOST: '10.0.0.1', CCPROXY_SERVICE_PORT_HTTP: '80', CCPROXY_PORT: 'tcp://10.0.0.1:80', CCPROXY_PORT_80_TCP_ADDR: '10.0.0.1' }
  t.doesNotThrow(() => load(t, links))
})

t.test('CCPROXY_PORT with a port number is a misspelt setting', async (t) => {
  t.match(problemsOf(() => load(t, { CCPROXY_PORT: '8080' })), [/^CCPROXY_PORT: is not a known setting/])
})

t.test('a duration outside its bounds is refused with the bounds', async (t) => {
  t.match(problemsOf(() => load(t, { CCPROXY_SERVER_PING_INTERVAL: '0s' })), [/must be a duration from 100ms to 24h; it is "0s"\.$/])
})

t.test('upstream URLs', async (t) => {
  const good: Array<[string, string]> = [
    ['https://proxy.example/claude/', 'https://proxy.example/claude'],
    ['https://proxy.example:8443', 'https://proxy.example:8443'],
    ['http://127.0.0.1:9000', 'http://127.0.0.1:9000'],
    ['http://localhost:9000/', 'http://localhost:9000'],
    ['http://[::1]:9000', 'http://[::1]:9000']
  ]
  for (const [written, expected] of good) t.equal(load(t, { CCPROXY_CLAUDE_API_URL: written }).config.claude.api_url, expected, written)
  const bad: Array<[string, RegExp]> = [
    ['http://proxy.example', /must begin with https:\/\//],
    ['http://127.0.0.1.proxy.example', /must begin with https:\/\//],
    ['ftp://proxy.example', /must be a URL such as/],
    ['proxy.example', /must be a URL such as/],
    ['https://proxy.example/?a=1', /query or a fragment/],
    ['https://proxy.example/#top', /query or a fragment/],
    ['https://user:made-up-password@proxy.example', /must not hold credentials/]
  ]
  for (const [written, expected] of bad) t.match(problemsOf(() => load(t, { CCPROXY_CLAUDE_WEB_URL: written })), [expected], written)
})

t.test('trusted proxies are IP addresses or CIDRs', async (t) => {
  for (const entry of ['10.0.0.0/33', '10.0.0/8', 'loopback', '0.0.0.0/0', '::1/129', '10.0.0.0/8/8', '10.0.0.0/']) {
    t.match(problemsOf(() => load(t, { CCPROXY_SERVER_TRUST_PROXY: `127.0.0.1,${entry}` })), [/\(server\.trust_proxy\).*: entry 2: must be an IP address or a CIDR/], entry)
  }
})

t.test('a short JWT secret is refused in production', async (t) => {
  t.match(problemsOf(() => load(t, { NODE_ENV: 'production', CCPROXY_JWT_SECRET: 'é'.repeat(15) })), [/^CCPROXY_JWT_SECRET \(jwt\.secret\): is shorter than 32 bytes; make one with/])
})

t.test('a JWT secret of 32 bytes is enough in production, counted in bytes', async (t) => {
  t.same(load(t, { NODE_ENV: 'production', CCPROXY_JWT_SECRET: 'é'.repeat(16) }).warnings, [])
})

t.test('a short JWT secret is warned about elsewhere', async (t) => {
  const { config, warnings } = load(t, { CCPROXY_JWT_SECRET: 'short' })
  t.equal(config.jwt.secret, 'short')
  t.match(warnings, [/^CCPROXY_JWT_SECRET \(jwt\.secret\): is shorter than 32 bytes, which production refuses/])
})

t.test('a short encryption key is refused in production', async (t) => {
  t.match(problemsOf(() => load(t, { NODE_ENV: 'production', CCPROXY_STORAGE_ENCRYPTION_KEY: 'short' })), [/^CCPROXY_STORAGE_ENCRYPTION_KEY \(storage\.encryption_key\)/])
})

t.test('an API key given twice is a problem that shows its last four characters only', async (t) => {
  const problems = problemsOf(() => load(t, { CCPROXY_CLAUDE_API_KEYS: 'made-up-key-1234,other,made-up-key-1234' }))
  t.same(problems, ['CCPROXY_CLAUDE_API_KEYS (claude.api_keys): entries 1 and 3 are the same key (it ends in 1234); keep one.'])
})

t.test('keys with spaces or control characters are problems', async (t) => {
  for (const bad of ['made up', 'made\tup', 'made\u0000up', 'mäde-up']) {
    t.match(problemsOf(() => load(t, { CCPROXY_CLAUDE_API_KEYS: bad })), [/entry 1: "key" must hold only visible ASCII characters/], JSON.stringify(bad))
    t.match(problemsOf(() => load(t, { CCPROXY_ADMIN_KEY: bad })), [/\(admin\.key\).* must hold only visible ASCII characters/], JSON.stringify(bad))
  }
})

t.test('YAML that cannot be read is located by file, line and column', async (t) => {
  t.match(problemsOf(() => load(t, {}, 'server:\n  port: 1\n  port: 2\n')), [/^config\.yaml:3:3: is not valid YAML \(DUPLICATE_KEY\): this key is written twice/])
})

t.test('no message shows a secret, wherever it was put', async (t) => {
  const secret = 'sk-ant-made-up-canary-0001'
  const hiding: Array<[Record<string, string>, string?]> = [
    [{ CCPROXY_ADMIN_KEY: `${secret} ` + secret }],
    [{ CCPROXY_CLAUDE_API_KEYS: `${secret} x,${secret},${secret}` }],
    [{ CCPROXY_SERVER_MODE: secret }],
    [{ CCPROXY_CLAUDE_API_URL: `https://me:${secret}@proxy.example` }],
    [{ NODE_ENV: 'production', CCPROXY_JWT_SECRET: secret }],
    [{}, `jwt:\n  secret: [${secret}]\n`],
    [{}, `jwt:\n  secret: *${secret}\n`],
    [{}, `jwt:\n  secret: !${secret} x\n`],
    [{}, `jwt:\n  secret: "${secret}\n`],
    [{}, `jwt:\n  ${secret}: 1\n`],
    [{}, `${secret}: 1\n`],
    [{}, `claude:\n  api_keys:\n    - ${secret}: x\n`],
    [{}, `claude:\n  api_keys:\n    - { key: 7, name: ${secret}, weight: ${secret} }\n`],
    [{}, `claude:\n  api_keys: { ${secret}: 1 }\n`]
  ]
  for (const [env, file] of hiding) {
    const problems = problemsOf(() => load(t, { CCPROXY_JWT_SECRET: file?.startsWith('jwt') ? '' : SECRET, ...env }, file))
    t.ok(problems.length > 0, 'is a problem')
    t.notMatch(problems.join('\n'), 'canary', JSON.stringify(file ?? env))
  }
})

t.test('every setting has a description and a name of its own', async (t) => {
  const keys = configKeys()
  t.ok(keys.every(({ description }) => /^[A-Z].+\.$/.test(description)))
  t.equal(new Set(keys.map(({ env }) => env)).size, keys.length)
  t.same(keys.find(({ file }) => file === 'server.port'), {
    env: 'CCPROXY_SERVER_PORT', file: 'server.port', default: '8080', description: 'Port to listen on; 0 takes any free one.', required: false
  })
})

t.test('aliases are pairs in the environment and a map in the file; what is neither is told', async (t) => {
  t.same(load(t, { CCPROXY_MODELS_ALIASES: 'gpt-5=claude-sonnet-5-5, gpt-5-mini = claude-haiku-5-5' }).config.models.aliases, {
    'gpt-5': 'claude-sonnet-5-5', 'gpt-5-mini': 'claude-haiku-5-5'
  })
  t.same(load(t, {}, 'models:\n  aliases:\n    gpt-5: claude-sonnet-5-5\n').config.models.aliases, { 'gpt-5': 'claude-sonnet-5-5' })
  for (const text of ['gpt-5', 'gpt-5=a=b', 'gpt-5=claude-sonnet-5-5,']) {
    t.match(problemsOf(() => load(t, { CCPROXY_MODELS_ALIASES: text })), [/CCPROXY_MODELS_ALIASES .*must be pairs such as gpt-5=claude-sonnet-5-5/], text)
  }
  for (const text of ['gpt-5=', '=claude-sonnet-5-5']) {
    t.match(problemsOf(() => load(t, { CCPROXY_MODELS_ALIASES: text })), [/must be a name with a text that is not empty/], text)
  }
  t.match(problemsOf(() => load(t, {}, 'models:\n  aliases:\n    gpt-5: 5\n')), [/"gpt-5" must be a name with a text that is not empty; it is 5/])
  t.match(problemsOf(() => load(t, {}, 'models:\n  aliases: [a]\n')), [/must be pairs/])
})
