import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import t, { type Test } from 'tap'
import { loadConfig } from '../src/config.ts'
import { ensureSecrets, loadDotEnv } from '../src/first-start.ts'
import { problemsOf } from './helpers/problems.ts'

type Env = Record<string, string | undefined>

function dotEnv (cwd: string): string {
  return readFileSync(join(cwd, '.env'), 'utf8')
}

function modeOf (cwd: string): string {
  return (statSync(join(cwd, '.env')).mode & 0o777).toString(8)
}

/** A folder with a `.env` of the given text and mode. */
function folder (t: Test, text: string, mode = 0o600): string {
  const cwd = t.testdir({ '.env': text })
  chmodSync(join(cwd, '.env'), mode)
  return cwd
}

t.test('a first start writes secrets that the configuration accepts in production', async (t) => {
  const cwd = t.testdir({})
  ensureSecrets({ env: {}, cwd })
  const env: Env = { NODE_ENV: 'production', ...parseEnv(dotEnv(cwd)) }
  t.match(env, { CCPROXY_JWT_SECRET: /^[\w-]{43}$/, CCPROXY_ADMIN_KEY: /^ccp-admin-[\w-]{32}$/ })
  t.same(loadConfig({ env, cwd }).warnings, [])
})

t.test('the secrets of a first start are in force at once', async (t) => {
  const cwd = t.testdir({})
  const env: Env = {}
  ensureSecrets({ env, cwd })
  t.same(env, { ...parseEnv(dotEnv(cwd)) })
})

t.test('two first starts make different secrets', async (t) => {
  const [one, other]: [Env, Env] = [{}, {}]
  ensureSecrets({ env: one, cwd: t.testdir({}) })
  ensureSecrets({ env: other, cwd: t.testdir({}) })
  t.not(one['CCPROXY_JWT_SECRET'], other['CCPROXY_JWT_SECRET'])
  t.not(one['CCPROXY_ADMIN_KEY'], other['CCPROXY_ADMIN_KEY'])
})

t.test('a new .env is for its owner only, whatever the umask', async (t) => {
  const before = process.umask(0)
  t.teardown(() => process.umask(before))
  const cwd = t.testdir({})
  ensureSecrets({ env: {}, cwd })
  t.equal(modeOf(cwd), '600')
})

t.test('the message says where the secrets are, and not what they are', async (t) => {
  const cwd = t.testdir({})
  const env: Env = {}
  const message = ensureSecrets({ env, cwd })
  t.match(message, join(cwd, '.env'))
  t.notMatch(message, env['CCPROXY_JWT_SECRET'])
  t.notMatch(message, env['CCPROXY_ADMIN_KEY'])
})

t.test('an existing .env is appended to, and closed to others', async (t) => {
  const cwd = folder(t, 'CCPROXY_SERVER_PORT=9000', 0o644)
  ensureSecrets({ env: {}, cwd })
  t.ok(dotEnv(cwd).startsWith('CCPROXY_SERVER_PORT=9000\n# '))
  t.match(parseEnv(dotEnv(cwd)), { CCPROXY_SERVER_PORT: '9000', CCPROXY_JWT_SECRET: /./ })
  t.equal(modeOf(cwd), '600')
})

t.test('empty secrets in .env are filled once, not at every start', async (t) => {
  const cwd = folder(t, 'CCPROXY_JWT_SECRET=\nCCPROXY_ADMIN_KEY=\n')
  // Container tools pass on an unset variable as an empty one.
  const starts = [1, 2].map(() => {
    const env: Env = { CCPROXY_JWT_SECRET: '' }
    loadDotEnv({ env, cwd })
    return { message: ensureSecrets({ env, cwd }), secret: env['CCPROXY_JWT_SECRET'] }
  })
  t.match(starts[0]?.message, /^First start/)
  t.equal(starts[1]?.message, undefined)
  t.equal(starts[1]?.secret, starts[0]?.secret)
})

t.test('nothing is written in production', async (t) => {
  const cwd = folder(t, '')
  t.equal(ensureSecrets({ env: { NODE_ENV: 'production' }, cwd }), undefined)
  t.equal(dotEnv(cwd), '')
})

t.test('production is refused with commands that make the secrets', async (t) => {
  const cwd = t.testdir({})
  const env: Env = { NODE_ENV: 'production' }
  for (const problem of problemsOf(() => loadConfig({ env, cwd }))) {
    execFileSync('sh', ['-c', /make one with: (.*)$/.exec(problem)![1]!], { cwd })
  }
  loadDotEnv({ env, cwd })
  t.match(env, { CCPROXY_JWT_SECRET: /^[\w-]{43}$/, CCPROXY_ADMIN_KEY: /^ccp-admin-[\w-]{43}$/ })
  t.doesNotThrow(() => loadConfig({ env, cwd }))
  t.equal(modeOf(cwd), '600')
})

t.test('with one secret set, the other is reported and not made', async (t) => {
  const cwd = folder(t, '')
  const env: Env = { CCPROXY_JWT_SECRET: 'made-up-jwt-secret-of-more-than-32-bytes' }
  t.equal(ensureSecrets({ env, cwd }), undefined)
  t.match(problemsOf(() => loadConfig({ env, cwd })), [/^CCPROXY_ADMIN_KEY \(admin\.key\): is required \(a first start .* never one alone\)/])
})

t.test('secrets in the YAML file are enough', async (t) => {
  const cwd = t.testdir({ 'config.yaml': 'jwt:\n  secret: made-up\nadmin:\n  key: made-up\n', '.env': '' })
  t.equal(ensureSecrets({ env: {}, cwd }), undefined)
})

t.test('nothing is written over a YAML file that cannot be read: it may hold the secrets', async (t) => {
  const cwd = t.testdir({ 'config.yaml': 'jwt: {', '.env': '' })
  t.equal(ensureSecrets({ env: {}, cwd }), undefined)
  t.equal(dotEnv(cwd), '')
})

t.test('a .env that cannot be written is a problem that says so', async (t) => {
  const cwd = join(t.testdir({}), 'absent')
  t.match(problemsOf(() => ensureSecrets({ env: {}, cwd })), [/\.env cannot be written, and CCPROXY_JWT_SECRET .* \(ENOENT\)/])
})

t.test('a .env that cannot be read is a problem that says so', async (t) => {
  const cwd = t.testdir({})
  mkdirSync(join(cwd, '.env'))
  t.match(problemsOf(() => loadDotEnv({ env: {}, cwd })), [/\.env cannot be read \(EISDIR\)/])
})

t.test('the environment wins over .env, and an empty variable does not', async (t) => {
  const cwd = t.testdir({})
  writeFileSync(join(cwd, '.env'), 'A=file\nB=file\nC=file\n')
  const env: Env = { A: 'real', B: '' }
  loadDotEnv({ env, cwd })
  t.same(env, { A: 'real', B: 'file', C: 'file' })
})
