import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import type { Io } from '../../src/cli/io.ts'
import { rotateKey } from '../../src/cli/rotation.ts'
import { boxOf } from '../../src/cli/store.ts'
import { loadConfig } from '../../src/config.ts'
import { createDatabase } from '../../src/plugins/database/index.ts'
import { countOpened, sealIdentity } from '../../src/plugins/encryption.ts'
import { runCli, spawnCli, startCliWorld } from '../helpers/cli.ts'
import { SECRETS, spawnServer } from '../helpers/server-process.ts'
import { sessionRow } from '../helpers/web.ts'

const OLD = 'made-up-old-encryption-key-of-more-than-32-bytes'
const NEW = 'made-up-new-encryption-key-of-more-than-32-bytes'
const SECRET = 'sk-ant-sid01-made-up-cookie-that-must-not-be-lost'
const STEPS = ['list the old key', 'encrypt anew', 'prove the new key', 'forget the old key']

function ioOf (cwd: string): Io {
  return { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough(), env: {}, cwd, now: Date.now }
}

function configOf (cwd: string) {
  return loadConfig({ env: { ...parseEnv(readFileSync(join(cwd, '.env'), 'utf8')) }, cwd }).config
}

/** A gateway's folder, with a session that is sealed with the key of its `.env`. */
async function folder (t: Test, variables: Record<string, string> = {}): Promise<string> {
  const cwd = t.testdir({})
  const lines = { ...SECRETS, ...variables }
  writeFileSync(join(cwd, '.env'), `# mine\n${Object.entries(lines).map(([name, value]) => `${name}=${value}\n`).join('')}`, { mode: 0o600 })
  const config = configOf(cwd)
  const { db, close } = await createDatabase({ path: join(cwd, 'data/ccproxy.db') })
  await db.insertInto('sessions').values(sessionRow('s1', { secret: boxOf(config).seal(SECRET, sealIdentity('sessions', 's1')) })).execute()
  await close()
  return cwd
}

/** The stored secret, as a gateway that is started now would read it. */
async function readBack (cwd: string): Promise<string> {
  const { db, close } = await createDatabase({ path: join(cwd, 'data/ccproxy.db') })
  try {
    const { secret } = await db.selectFrom('sessions').select('secret').executeTakeFirstOrThrow()
    return boxOf(configOf(cwd)).open(secret, sealIdentity('sessions', 's1'))
  } finally {
    await close()
  }
}

for (const [before, variables] of [['an encryption key', { CCPROXY_STORAGE_ENCRYPTION_KEY: OLD }], ['the JWT secret in its place', {}]] as const) {
  t.test(`from ${before} to a new key`, async (t) => {
    const cwd = await folder(t, variables)
    const { opened, closed, envBackup } = await rotateKey(ioOf(cwd), NEW)
    t.same({ opened, closed }, { opened: 1, closed: 0 })
    t.same({ ...parseEnv(readFileSync(join(cwd, '.env'), 'utf8')) }, { ...SECRETS, CCPROXY_STORAGE_ENCRYPTION_KEY: NEW })
    t.equal(await readBack(cwd), SECRET)
    t.match(readFileSync(envBackup, 'utf8'), { ...variables }.CCPROXY_STORAGE_ENCRYPTION_KEY ?? '# mine')
    t.equal(statSync(envBackup).mode & 0o777, 0o600)
  })

  for (const step of STEPS) {
    t.test(`from ${before}, dying before "${step}", loses nothing`, async (t) => {
      const cwd = await folder(t, variables)
      const died = new Error('made up')
      await t.rejects(rotateKey(ioOf(cwd), NEW, (name) => { if (name === step) throw died }), died)
      t.equal(await readBack(cwd), SECRET, 'a gateway that is started now reads it')
      await rotateKey(ioOf(cwd), `${NEW}-again`)
      t.equal(await readBack(cwd), SECRET, 'and so it does after another try')
      t.notMatch(readFileSync(join(cwd, '.env'), 'utf8'), 'OLD_ENCRYPTION_KEYS')
    })
  }
}

t.test('what no key opens keeps the old keys listed', async (t) => {
  const cwd = await folder(t, { CCPROXY_STORAGE_ENCRYPTION_KEY: OLD })
  const { db, close } = await createDatabase({ path: join(cwd, 'data/ccproxy.db') })
  await db.insertInto('sessions').values(sessionRow('lost', { secret: 'v1.0.a.b.c' })).execute()
  await close()
  t.match(await rotateKey(ioOf(cwd), NEW), { opened: 1, closed: 1 })
  t.match(parseEnv(readFileSync(join(cwd, '.env'), 'utf8')), { CCPROXY_STORAGE_OLD_ENCRYPTION_KEYS: OLD })
})

t.test('a key with a comma cannot be listed in .env, and is left alone', async (t) => {
  const cwd = await folder(t, { CCPROXY_STORAGE_ENCRYPTION_KEY: `${OLD},with-a-comma` })
  const before = readFileSync(join(cwd, '.env'), 'utf8')
  await t.rejects(rotateKey(ioOf(cwd), NEW), /holds a comma/)
  t.equal(readFileSync(join(cwd, '.env'), 'utf8'), before)
})

t.test('the command', async (t) => {
  t.test('makes a key of its own, and the gateway goes on with it', async (t) => {
    const cwd = await folder(t)
    const { code, stdout } = await runCli(t, ['rotate-encryption-key'], { cwd })
    t.equal(code, 0)
    const key = configOf(cwd).storage.encryption_key!
    t.match(key, /^[\w-]{43}$/)
    t.notMatch(stdout, key)
    t.equal(await readBack(cwd), SECRET)
    const url = await spawnServer(t, { cwd, env: { CCPROXY_CLAUDE_WEB_URL: 'http://127.0.0.1:9' } }).url()
    const list = await fetch(`${url}/api/session/list`, { headers: { 'x-admin-key': SECRETS.CCPROXY_ADMIN_KEY } })
    t.match(await list.json(), { sessions: [{ id: 's1', status: 'active' }] })
  })

  t.test('refuses while the gateway runs, and changes nothing', async (t) => {
    const { cwd, run } = await startCliWorld(t)
    const before = readFileSync(join(cwd, '.env'), 'utf8')
    const { code, stdout, stderr } = await run(['rotate-encryption-key'])
    t.same({ code, stdout }, { code: 1, stdout: '' })
    t.match(stderr, /^The gateway is running: .*ccproxy\.db is in use\..*Stop it, run this again, and start it\.\n$/)
    t.equal(readFileSync(join(cwd, '.env'), 'utf8'), before)
  })

  t.test('where the key is set elsewhere it changes nothing and says what to set', async (t) => {
    const cwd = await folder(t, { CCPROXY_STORAGE_ENCRYPTION_KEY: OLD })
    const before = readFileSync(join(cwd, '.env'), 'utf8')
    const { ended } = spawnCli(t, ['rotate-encryption-key'], { cwd, input: '', env: { CCPROXY_STORAGE_ENCRYPTION_KEY: OLD } })
    const { code, stdout, stderr } = await ended
    t.equal(code, 0)
    t.match(stdout, /^CCPROXY_STORAGE_ENCRYPTION_KEY=[\w-]{43}\n$/)
    t.match(stderr, /nothing was changed/)
    t.notMatch(stderr, OLD)
    t.equal(readFileSync(join(cwd, '.env'), 'utf8'), before)
    t.equal(await readBack(cwd), SECRET)
  })
})

t.test('secrets are counted by whether a key opens them', async (t) => {
  const cwd = await folder(t, { CCPROXY_STORAGE_ENCRYPTION_KEY: OLD })
  const { db, close } = await createDatabase({ path: join(cwd, 'data/ccproxy.db') })
  t.teardown(close)
  t.same(await countOpened(db, boxOf(configOf(cwd))), { opened: 1, closed: 0 })
  const other = { ...configOf(cwd), jwt: { ...configOf(cwd).jwt, secret: 'another' }, storage: { ...configOf(cwd).storage, encryption_key: NEW } }
  t.same(await countOpened(db, boxOf(other)), { opened: 0, closed: 1 })
})
