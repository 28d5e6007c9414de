import fc from 'fast-check'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { run } from '../../src/cli/run.ts'
import { runCli, spawnCli, startCliWorld } from '../helpers/cli.ts'
import { SECRETS } from '../helpers/server-process.ts'

/** Runs a command in this process, without a gateway. */
async function inProcess (args: string[], cwd: string): Promise<{ code: number, stdout: string, stderr: string }> {
  const output = { stdout: '', stderr: '' }
  const into = (name: keyof typeof output) => new Writable({
    write (chunk, _encoding, done) {
      output[name] += String(chunk)
      done()
    }
  })
  const code = await run(args, { stdin: Readable.from([]), stdout: into('stdout'), stderr: into('stderr'), env: {}, cwd, now: Date.now })
  return { code, ...output }
}

/** All commands, as their own help names them. */
async function allCommands (cwd: string, path: string[] = []): Promise<string[][]> {
  const { stdout } = await inProcess([...path, '--help'], cwd)
  const below = [...stdout.split('\nCommands:\n')[1]?.split('\n\n')[0]?.matchAll(/^ {2}([a-z-]+)/gm) ?? []].map((match) => match[1]!).filter((name) => name !== 'help')
  return [...path.length === 0 ? [] : [path], ...(await Promise.all(below.map((name) => allCommands(cwd, [...path, name])))).flat()]
}

t.test('every command has a help with examples', async (t) => {
  const cwd = t.testdir({})
  const commands = await allCommands(cwd)
  t.ok(commands.length >= 25, `${commands.length} commands`)
  for (const path of commands) {
    const { code, stdout, stderr } = await inProcess([...path, '--help'], cwd)
    t.match(stdout, /\nExamples:\n {2}\$ (.|\n)*ccproxy/, path.join(' '))
    t.same({ code, stderr }, { code: 0, stderr: '' })
  }
})

t.test('--version is that of package.json', async (t) => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }
  t.match(await runCli(t, ['--version'], { cwd: t.testdir({}) }), { code: 0, stdout: `${version}\n`, stderr: '' })
})

for (const [what, args, told] of [
  ['an unknown command', ['tokn'], /unknown command 'tokn'\n\(Did you mean token\?\)/],
  ['an unknown option', ['token', 'list', '--jsn'], /unknown option '--jsn'/],
  ['a missing argument', ['token', 'create'], /missing required argument 'name'/],
  ['a choice that is none', ['connect', 'vim'], /'vim' is invalid .*claude-code, codex/],
  ['a URL that is none', ['token', 'list', '--url', 'localhost'], /--url: must be a URL such as/]
] as const) {
  t.test(`${what} is an error of usage`, async (t) => {
    const { code, stdout, stderr } = await inProcess([...args], t.testdir({}))
    t.same({ code, stdout }, { code: 2, stdout: '' })
    t.match(stderr, told)
  })
}

t.test('a group without a command shows its help and is an error of usage', async (t) => {
  t.match(await inProcess(['token'], t.testdir({})), { code: 2, stdout: '', stderr: /^Usage: ccproxy token/ })
})

t.test('a secret among the arguments is refused and not repeated, wherever it stands', async (t) => {
  const cwd = t.testdir({})
  const commands = await allCommands(cwd)
  const secret = fc.stringMatching(/^(sk-ant-|ccp-admin-|eyJ)[A-Za-z0-9]{20}$/)
  await fc.assert(fc.asyncProperty(fc.constantFrom(...commands), secret, fc.boolean(), async (path, secret, asOption) => {
    const { code, stdout, stderr } = await inProcess([...path, asOption ? `--name=${secret}` : secret], cwd)
    return code === 2 && !`${stdout}${stderr}`.includes(secret) && stderr.includes('looks like a secret')
  }), { numRuns: 50 })
})

t.test('where nothing listens it says how to start it', async (t) => {
  const place = { cwd: t.testdir({}), env: { CCPROXY_URL: await freeUrl() } }
  t.match(await runCli(t, ['token', 'list'], place), {
    code: 1, stdout: '', stderr: `Nothing listens on ${place.env.CCPROXY_URL}: start it with \`ccproxy serve\`, or name another with --url or CCPROXY_URL.\n`
  })
  const { code, stdout, stderr } = await runCli(t, ['keys', 'list', '--json'], place)
  t.same({ code, stdout }, { code: 1, stdout: '' })
  t.match(JSON.parse(stderr), { error: { code: 'not_running', message: /^Nothing listens/ } })
})

t.test('without an admin key and a terminal it says where to put it', async (t) => {
  const { url } = await startCliWorld(t)
  t.match(await runCli(t, ['token', 'list'], { cwd: t.testdir({}), env: { CCPROXY_URL: url } }), { code: 2, stderr: /--admin-key-file/ })
})

t.test('the admin key', async (t) => {
  const { url, cwd } = await startCliWorld(t)
  const elsewhere = t.testdir({ key: `${SECRETS.CCPROXY_ADMIN_KEY}\n`, 'config.yaml': 'server:\n  port: 1\n' })
  const env = { CCPROXY_URL: url }

  t.test('is found in .env', async (t) => {
    t.match(await runCli(t, ['token', 'list', '--json'], { cwd, env }), { code: 0 })
  })

  t.test('is found in the environment', async (t) => {
    t.match(await runCli(t, ['token', 'list'], { cwd: elsewhere, env: { ...env, CCPROXY_ADMIN_KEY: SECRETS.CCPROXY_ADMIN_KEY } }), { code: 0 })
  })

  t.test('is found in config.yaml', async (t) => {
    const folder = t.testdir({ 'config.yaml': `admin:\n  key: ${SECRETS.CCPROXY_ADMIN_KEY}\n` })
    t.match(await runCli(t, ['token', 'list'], { cwd: folder, env }), { code: 0 })
  })

  t.test('is read from a file and from standard input', async (t) => {
    t.match(await runCli(t, ['token', 'list', '--admin-key-file', 'key'], { cwd: elsewhere, env }), { code: 0 })
    t.match(await runCli(t, ['token', 'list', '--admin-key-file', '-'], { cwd: elsewhere, env, input: SECRETS.CCPROXY_ADMIN_KEY }), { code: 0 })
  })

  t.test('that is wrong is told as such, and not repeated', async (t) => {
    const wrong = 'ccp-admin-made-up-and-wrong'
    const { code, stderr } = await runCli(t, ['token', 'list'], { cwd: elsewhere, env: { ...env, CCPROXY_ADMIN_KEY: wrong } })
    t.equal(code, 1)
    t.match(stderr, /^The admin key is not that of this gateway\./)
    t.notMatch(stderr, wrong)
  })
})

t.test('the address of the gateway is the host and port of the configuration', async (t) => {
  const { url, cwd } = await startCliWorld(t)
  writeFileSync(join(cwd, 'config.yaml'), `server:\n  host: 0.0.0.0\n  port: ${new URL(url).port}\n`)
  t.match(await runCli(t, ['token', 'list'], { cwd }), { code: 0 })
})

t.test('the admin key does not follow a redirect', async (t) => {
  const seen: string[] = []
  const { port } = await listening(t, (request) => { seen.push(String(request.headers['x-admin-key'])) })
  const from = await listening(t, (_request, response) => response.writeHead(302, { location: `http://127.0.0.1:${port}/` }))
  const env = { CCPROXY_URL: `http://127.0.0.1:${from.port}`, CCPROXY_ADMIN_KEY: 'made-up-admin-key' }
  const { code, stderr } = await runCli(t, ['token', 'list'], { cwd: t.testdir({}), env })
  t.equal(code, 1)
  t.match(stderr, /answered 302, and not as a gateway does: is this the address of ccproxy\?/)
  t.same(seen, [])
})

t.test('whoever reads the first lines only is no fault', async (t) => {
  const { child, ended } = spawnCli(t, ['--help'], { cwd: t.testdir({}) })
  child.stdout!.destroy()
  t.match(await ended, { code: 0, stderr: '' })
})

t.test('no argument and no variable of the process ever holds the secret that it reads', { skip: process.platform !== 'linux' }, async (t) => {
  const { url, cwd } = await startCliWorld(t)
  const { child, ended } = spawnCli(t, ['keys', 'add', '--file', '-'], { cwd, env: { CCPROXY_URL: url } })
  child.stdin!.write('sk-ant-sim-made-up-key-on-its-way')
  t.equal(readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').includes('sk-ant'), false)
  t.equal(readFileSync(`/proc/${child.pid}/environ`, 'utf8').includes('sk-ant'), false)
  child.stdin!.end()
  t.match(await ended, { code: 0 })
})

async function freeUrl (): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

async function listening (t: Test, answer: (...args: Parameters<NonNullable<Parameters<typeof createServer>[1]>>) => void): Promise<AddressInfo> {
  const server = createServer((request, response) => {
    answer(request, response)
    response.end()
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  return server.address() as AddressInfo
}
