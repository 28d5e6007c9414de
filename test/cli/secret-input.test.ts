import { spawn, spawnSync } from 'node:child_process'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CliError } from '../../src/cli/errors.ts'
import type { Io } from '../../src/cli/io.ts'
import { readSecret } from '../../src/cli/secret-input.ts'
import { startCliWorld } from '../helpers/cli.ts'

const LAUNCHER = join(import.meta.dirname, '../../src/cli/launcher.ts')
const SECRET = 'sk-ant-sim-made-up-key-typed-by-hand'

/** A terminal of the test's own: what is typed, and whether it would be shown. */
function terminal () {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, isRaw: false, setRawMode (raw: boolean) { stdin.isRaw = raw } })
  const stderr = new PassThrough()
  return { stdin, stderr, io: { stdin, stderr, stdout: new PassThrough(), env: {}, cwd: '/', now: Date.now } satisfies Io }
}

const hasScript = spawnSync('script', ['--version']).status === 0

t.test('at a real terminal nothing of the secret is shown', { skip: !hasScript && 'no script on the PATH' }, async (t) => {
  const { cwd, url, json } = await startCliWorld(t)
  const shown = await atTerminal(t, `${process.execPath} ${LAUNCHER} keys add --name typed`, cwd, { CCPROXY_URL: url }, `${SECRET}\r`)
  t.match(shown, /^API key \(not shown\): \r\nKey "typed" \([\w-]+, \.\.\.-by-hand\) is added\.\r\n$/)
  t.match((await json(['keys', 'list'])).keys, [{}, { name: 'typed', key: `...${SECRET.slice(-8)}` }])
})

t.test('Ctrl-C at a real terminal gives up', { skip: !hasScript && 'no script on the PATH' }, async (t) => {
  const { cwd, url, json } = await startCliWorld(t)
  const shown = await atTerminal(t, `${process.execPath} ${LAUNCHER} keys add; echo code=$?`, cwd, { CCPROXY_URL: url }, `${SECRET}\u0003`)
  t.match(shown, /Cancelled\.\r\ncode=130\r\n$/)
  t.equal((await json(['keys', 'list'])).total_keys, 1)
})

t.test('a secret is read as it is typed, however the keys come', async (t) => {
  const typed = fc.stringMatching(/^[\x21-\x7e]{1,30}$/)
  await fc.assert(fc.asyncProperty(typed, fc.constantFrom('\r', '\n', '\u0004'), fc.integer({ min: 1, max: 8 }), async (secret, enter, size) => {
    const { stdin, io } = terminal()
    const read = readSecret(io, { what: 'made up' })
    const keys = secret + enter
    for (let at = 0; at < keys.length; at += size) stdin.write(keys.slice(at, at + size))
    t.equal(await read, secret)
    t.equal(stdin.isRaw, false)
  }), { numRuns: 50 })
})

for (const [what, keys, secret] of [
  ['a mistake is taken back', 'abx\u007fc\r', 'abc'],
  ['a line is begun anew', 'wrong\u0015right\r', 'right'],
  ['a pasted text has its marks taken away', '\u001b[200~pasted\u001b[201~\r', 'pasted']
] as const) {
  t.test(what, async (t) => {
    const { stdin, io } = terminal()
    stdin.write(keys)
    t.equal(await readSecret(io, { what: 'made up' }), secret)
  })
}

t.test('it is hidden before it is asked for', async (t) => {
  const { stdin, stderr, io } = terminal()
  const raw = new Promise((resolve) => stderr.once('data', () => resolve(stdin.isRaw)))
  const read = readSecret(io, { what: 'made up' })
  t.equal(await raw, true)
  stdin.write('x\r')
  await read
})

t.test('an empty one, and one of several lines, is an error of usage', async (t) => {
  for (const text of ['', ' \n', 'one\ntwo']) {
    const { stdin, io } = terminal()
    stdin.end(text)
    await t.rejects(readSecret(io, { what: 'made up', file: '-' }), CliError)
  }
})

t.test('a file that is not there is told by its path', async (t) => {
  await t.rejects(readSecret(terminal().io, { what: 'made up', file: '/nowhere/at/all' }), new CliError('The made up cannot be read from /nowhere/at/all (ENOENT); check the path and its permissions.'))
})

/** Runs a command line in a terminal, and types when it asks. @returns what the terminal showed */
async function atTerminal (t: Test, line: string, cwd: string, env: Record<string, string>, keys: string): Promise<string> {
  const child = spawn('script', ['-qec', line, '/dev/null'], { cwd, env: { PATH: process.env['PATH'] ?? '', TERM: 'dumb', SHELL: '/bin/sh', ...env }, stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (!shown.includes('(not shown): ') && (shown + text).includes('(not shown): ')) child.stdin.write(keys)
    shown += text
  })
  await new Promise((resolve) => child.once('close', resolve))
  return shown
}
