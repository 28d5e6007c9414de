import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Finding } from '../../../src/cli/doctor/finding.ts'
import { MADE_UP_KEY, runCli, startCliWorld, type CliWorld } from '../../helpers/cli.ts'
import { freePort } from '../../helpers/free-port.ts'
import { SECRETS } from '../../helpers/server-process.ts'
import { cookieOf } from '../../helpers/web.ts'

const SECRET_TEXTS = [MADE_UP_KEY, SECRETS.CCPROXY_ADMIN_KEY, SECRETS.CCPROXY_JWT_SECRET, 'eyJ', 'sk-ant-sid']

interface Examined {
  code: number | null
  ok: boolean
  checks: Finding[]
}

async function examine (world: Pick<CliWorld, 'run'>, args: string[] = [], place: Parameters<CliWorld['run']>[1] = {}): Promise<Examined> {
  const { code, stdout } = await world.run(['doctor', '--json', ...args], place)
  return { code, ...JSON.parse(stdout) }
}

function of (check: string, { checks }: Examined): Finding[] {
  return checks.filter((finding) => finding.check === check)
}

t.test('a gateway that is well', async (t) => {
  const world = await startCliWorld(t)
  const found = await examine(world)

  t.test('has no line that fails', async (t) => {
    t.match(found, { code: 0, ok: true })
    t.same(found.checks.filter(({ status }) => status !== 'ok'), [])
  })

  t.test('is looked at in every respect', async (t) => {
    const checks = ['node', 'configuration', 'database', 'upstream api', 'upstream web', 'clock', 'gateway', 'keys', 'sessions']
    t.same([...new Set(found.checks.map(({ check }) => check))], checks)
  })

  t.test('is told in lines for people', async (t) => {
    const { code, stdout, stderr } = await world.run(['doctor'])
    t.same({ code, stderr }, { code: 0, stderr: '' })
    t.match(stdout, /^ok +node +Node\.js \d+.*\nok +configuration +Every setting is known and valid\.\n/)
    for (const secret of SECRET_TEXTS) t.notMatch(stdout, secret)
  })
})

t.test('each fault has its line, with a mend', async (t) => {
  const sick = 'sk-ant-sim-made-up-fault-401-key-cccc'
  const world = await startCliWorld(t, { settings: { CCPROXY_CLAUDE_API_KEYS: sick, CCPROXY_JWT_SECRET: 'short' } })
  const { token } = await world.json(['token', 'create', 'asker'])
  await fetch(`${world.url}/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: '{"model":"claude-sonnet-5-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}'
  })
  await world.run(['session', 'add', 'mine', '--file', '-'], { input: cookieOf('mine') })
  await world.run(['session', 'deactivate', 'mine'])
  chmodSync(join(world.cwd, '.env'), 0o644)
  const found = await examine(world)

  t.test('and the exit code is that of a failure', async (t) => {
    t.match(found, { code: 1, ok: false })
    for (const { status, mend, check } of found.checks) if (status !== 'ok') t.ok(mend, check)
  })

  t.test('weak secrets, and an .env that others can read', async (t) => {
    t.match(of('configuration', found), [{ status: 'warn', detail: /JWT_SECRET.*shorter than 32 bytes/ }, { status: 'warn', detail: /Others .* can read/, mend: /^chmod 600 / }])
  })

  t.test('a key that is refused', async (t) => {
    t.match(of('keys', found), [{ status: 'fail', detail: /\(\.\.\.key-cccc\) is refused: /, mend: /ccproxy keys reset / }])
  })

  t.test('a session out of use', async (t) => {
    t.match(of('sessions', found), [{ status: 'warn', detail: /"mine" is deactivated/, mend: /ccproxy session activate / }])
  })

  t.test('no secret is in any of them', async (t) => {
    for (const secret of [sick, ...SECRET_TEXTS]) t.notMatch(JSON.stringify(found), secret)
  })
})

t.test('a gateway that cannot serve', async (t) => {
  const found = await examine(await startCliWorld(t, { settings: { CCPROXY_CLAUDE_API_KEYS: '' } }))
  t.match(of('readiness', found), [{ status: 'fail', detail: /No API key/, mend: /ccproxy keys add.*ccproxy session add/ }])
  t.match(of('keys', found), [{ status: 'warn', mend: /ccproxy keys add/ }])
})

t.test('where nothing runs', async (t) => {
  const nowhere = await freePort()
  const cwd = t.testdir({ '.env': `${Object.entries(SECRETS).map(([name, value]) => `${name}=${value}`).join('\n')}\nCCPROXY_SERVER_PORT=${nowhere}\nCCPROXY_CLAUDE_API_URL=http://127.0.0.1:${nowhere}\nCCPROXY_SERVER_MODE=api\n` })
  const found = await examine({ run: (args, place) => runCli(t, args, { cwd, ...place }) })
  t.match(of('gateway', found), [{ status: 'fail', detail: /^Nothing listens on http:\/\/127\.0\.0\.1:\d+: /, mend: 'ccproxy serve' }])
  t.match(of('upstream api', found), [{ status: 'fail', detail: /cannot be reached \(ECONNREFUSED\)/, mend: /check the port/ }])
  t.same(of('upstream web', found), [], 'a way that the mode closes is not looked at')
  t.notOk(existsSync(join(cwd, 'data')), 'nothing is made')
})

t.test('what is not configured yet is told, and nothing is written', async (t) => {
  const cwd = t.testdir({})
  const env = { CCPROXY_SERVER_PORT: String(await freePort()) }
  const found = await examine({ run: (args, place) => runCli(t, args, { cwd, ...place, env }) })
  t.match(of('configuration', found), [{ status: 'fail', detail: /JWT_SECRET/, mend: /ccproxy serve/ }, { status: 'fail', detail: /ADMIN_KEY/ }])
  t.notOk(existsSync(join(cwd, '.env')))
})

t.test('a database', async (t) => {
  const world = await startCliWorld(t)
  await world.run(['session', 'add', 'mine', '--file', '-'], { input: cookieOf('mine') })

  t.test('that this key does not open', async (t) => {
    const found = await examine(world, [], { env: { CCPROXY_JWT_SECRET: 'another-made-up-secret-of-more-than-32-bytes' } })
    t.match(of('encryption', found), [{ status: 'fail', detail: /^1 stored secrets cannot be decrypted/, mend: /OLD_ENCRYPTION_KEYS/ }])
  })

  t.test('that is none', async (t) => {
    writeFileSync(join(world.cwd, 'broken.db'), 'made up '.repeat(1_000))
    const found = await examine(world, [], { env: { CCPROXY_STORAGE_DB_PATH: './broken.db' } })
    t.match(of('database', found), [{ status: 'fail', detail: /broken\.db/ }])
    t.equal(readFileSync(join(world.cwd, 'broken.db'), 'utf8'), 'made up '.repeat(1_000))
  })
})

t.test('a clock that is wrong', async (t) => {
  const late = await listening(t, (_request, response) => response.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString()).end())
  const world = await startCliWorld(t)
  const found = await examine(world, [], { env: { CCPROXY_CLAUDE_API_URL: late } })
  t.match(of('clock', found), [{ status: 'fail', detail: /clock is 3(?:599|600|601) s ahead/, mend: /NTP/ }])
})

t.test('from outside', async (t) => {
  const world = await startCliWorld(t, { paceMs: 5 })

  t.test('a proxy that passes on what comes is well, but for the admin routes', async (t) => {
    const found = await examine(world, ['--public-url', await proxy(t, world.url, { buffers: false })])
    t.match(found, { code: 0 })
    t.match(of('public url', found), [{ status: 'ok' }])
    t.match(of('streaming', found), [{ status: 'ok' }])
    t.match(of('admin routes', found), [{ status: 'warn', mend: /Close \/api\// }])
  })

  t.test('a proxy that buffers is found out', async (t) => {
    const found = await examine(world, ['--public-url', await proxy(t, world.url, { buffers: true })])
    t.match(of('streaming', found), [{ status: 'fail', detail: /in one piece at its end/, mend: /proxy_buffering off/ }])
    t.equal(found.code, 1)
  })

  t.test('what is not the gateway is found out', async (t) => {
    const other = await listening(t, (_request, response) => response.end('<html>'))
    t.match(of('public url', await examine(world, ['--public-url', other])), [{ status: 'fail', detail: /is not ccproxy/ }])
  })

  t.test('the tokens that were needed are revoked', async (t) => {
    const { tokens } = await world.json(['token', 'list'])
    t.ok(tokens.length > 0)
    for (const { is_valid: isValid } of tokens) t.notOk(isValid)
  })
})

/** Stands before the gateway, as nginx does; `buffers` keeps an answer until it is complete. */
function proxy (t: Test, target: string, { buffers }: { buffers: boolean }): Promise<string> {
  return listening(t, (incoming, response) => {
    const outgoing = request(target + incoming.url, { method: incoming.method, headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      if (!buffers) {
        answer.pipe(response)
        return
      }
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => response.end(Buffer.concat(chunks)))
    })
    incoming.pipe(outgoing)
  })
}

async function listening (t: Test, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
