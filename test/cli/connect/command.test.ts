import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import t from 'tap'
import { startCliWorld } from '../../helpers/cli.ts'

t.test('connect', async (t) => {
  const { url, run, json } = await startCliWorld(t)

  t.test('claude-code prints one line that points it at the gateway', async (t) => {
    const { code, stdout } = await run(['connect', 'claude-code'])
    t.equal(code, 0)
    const [, base, token] = /^ {2}ANTHROPIC_BASE_URL=(\S+) ANTHROPIC_AUTH_TOKEN=(\S+) claude$/m.exec(stdout)!
    t.equal(base, url)
    t.equal((await fetch(`${base}/v1/models`, { headers: { authorization: `Bearer ${token}`, 'anthropic-version': '2023-06-01' } })).status, 200)
  })

  t.test('--write makes the file, which only its owner can read', async (t) => {
    const HOME = t.testdir({})
    const { code, stdout } = await run(['connect', 'claude-code', '--write'], { env: { HOME } })
    const file = join(HOME, '.claude/settings.json')
    t.same({ code, stdout }, { code: 0, stdout: `${file} points Claude Code at ${url}.\n` })
    t.match(JSON.parse(readFileSync(file, 'utf8')), { env: { ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: /^eyJ/ } })
    t.equal(statSync(file).mode & 0o777, 0o600)
  })

  t.test('--write keeps what was there, and a copy of it', async (t) => {
    const before = '{\n  // mine\n  "made-up": true,\n  "env": { "EDITOR": "vim" }\n}\n'
    const HOME = t.testdir({ '.claude': { 'settings.json': before } })
    const { backup } = await json(['connect', 'claude-code', '--write'], { env: { HOME } })
    t.equal(readFileSync(backup, 'utf8'), before)
    t.equal(statSync(backup).mode & 0o777, 0o600)
    t.match(readFileSync(join(HOME, '.claude/settings.json'), 'utf8'), /^{\n {2}\/\/ mine\n {2}"made-up": true,\n {2}"env": {\n {4}"EDITOR": "vim",\n/)
    const second = await json(['connect', 'claude-code', '--write'], { env: { HOME } })
    t.not(second.backup, backup, 'a second copy does not replace the first')
    t.equal(readFileSync(backup, 'utf8'), before)
  })

  t.test('--write follows a link', async (t) => {
    const HOME = t.testdir({ dotfiles: { 'settings.json': '{}' } })
    mkdirSync(join(HOME, '.claude'))
    symlinkSync('../dotfiles/settings.json', join(HOME, '.claude/settings.json'))
    await json(['connect', 'claude-code', '--write'], { env: { HOME } })
    t.equal(realpathSync(join(HOME, '.claude/settings.json')), realpathSync(join(HOME, 'dotfiles/settings.json')))
    t.match(readFileSync(join(HOME, 'dotfiles/settings.json'), 'utf8'), url)
  })

  t.test('a file that cannot be changed safely stays, and no token is made in vain', async (t) => {
    const HOME = t.testdir({ '.claude': { 'settings.json': 'not JSON' } })
    const { tokens } = await json(['token', 'list'])
    const { code, stderr } = await run(['connect', 'claude-code', '--write'], { env: { HOME } })
    t.equal(code, 1)
    t.match(stderr, /cannot be changed safely/)
    t.same(readdirSync(join(HOME, '.claude')), ['settings.json'])
    t.equal((await json(['token', 'list'])).tokens.length, tokens.length)
  })

  t.test('codex: the settings go into its file, the token is for the environment', async (t) => {
    const HOME = t.testdir({ '.codex': { 'config.toml': '# mine\n[mcp_servers.made-up]\ncommand = "npx"\n' } })
    const { code, stdout } = await run(['connect', 'codex', '--write', '--model', 'claude-opus-5-5'], { env: { HOME } })
    t.equal(code, 0)
    t.match(stdout, /\n {2}export CCPROXY_TOKEN=eyJ/)
    const text = readFileSync(join(HOME, '.codex/config.toml'), 'utf8')
    t.match(text, /^model = "claude-opus-5-5"\nmodel_provider = "ccproxy"\n/)
    t.match(text, '[mcp_servers.made-up]\ncommand = "npx"\n')
    t.notMatch(text, 'eyJ')
  })

  t.test('a token in the environment does not keep the gateway from starting', async (t) => {
    t.match(await run(['connect', 'openai'], { env: { CCPROXY_TOKEN: 'made-up' } }), { code: 0 })
  })

  for (const [client, variables] of [
    ['openai', { OPENAI_BASE_URL: /\/v1$/, OPENAI_API_KEY: /^eyJ/ }], ['anthropic', { ANTHROPIC_BASE_URL: /\d$/, ANTHROPIC_AUTH_TOKEN: /^eyJ/ }]
  ] as const) {
    t.test(`${client}: variables, printed or merged into .env`, async (t) => {
      const cwd = t.testdir({ '.env': '# mine\nCCPROXY_ADMIN_KEY=made-up-admin-key\nPORT=3000' })
      const { stdout } = await run(['connect', client], { cwd })
      t.match(parseEnv(stdout), variables)
      chmodSync(join(cwd, '.env'), 0o644)
      await json(['connect', client, '--write'], { cwd })
      const text = readFileSync(join(cwd, '.env'), 'utf8')
      t.match(parseEnv(text), { PORT: '3000', ...variables })
      t.match(text, /^# mine\n/)
      t.equal(statSync(join(cwd, '.env')).mode & 0o777, 0o600, 'closed to others, since a token is in it')
    })
  }

  t.test('a token that exists is used', async (t) => {
    const { token } = await json(['token', 'create', 'mine'])
    const { tokens } = await json(['token', 'list'])
    t.match(await json(['connect', 'openai', '--token-file', '-'], { input: token }), { token, written: false, backup: null })
    t.equal((await json(['token', 'list'])).tokens.length, tokens.length)
  })

  t.test('a token that is not valid is refused before anything is written', async (t) => {
    const HOME = t.testdir({})
    const { code, stderr } = await run(['connect', 'claude-code', '--write', '--token-file', '-'], { env: { HOME }, input: 'made-up' })
    t.equal(code, 1)
    t.match(stderr, /token is not valid/)
    t.notOk(existsSync(join(HOME, '.claude')))
  })

  t.test('clients are told the public address where there is one', async (t) => {
    t.match(await json(['connect', 'openai', '--client-url', 'https://claude.example.com/']), { settings: { OPENAI_BASE_URL: 'https://claude.example.com/v1' } })
    const cwd = t.testdir({})
    writeFileSync(join(cwd, '.env'), `CCPROXY_ADMIN_KEY=made-up-admin-key\nCCPROXY_SERVER_PORT=${new URL(url).port}\nCCPROXY_SERVER_PUBLIC_URL=https://claude.example.com\n`)
    t.match(await json(['connect', 'openai'], { cwd, env: { CCPROXY_URL: '' } }), { url: 'https://claude.example.com' })
  })
})
