import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { findOldNode } from '../helpers/old-node.ts'
import { packPackage, runUser, userEnv } from '../helpers/package.ts'
import { SECRETS } from '../helpers/server-process.ts'
import { event, MESSAGE_START, startUpstream } from '../helpers/upstream.ts'

const oldNode = findOldNode()
const skip = oldNode === undefined && 'no older Node on the PATH'

t.test('the package, installed in an empty folder', async (t) => {
  // Not the test's own folder, which ends with the first test below it that has one.
  const root = folderOf(t)
  for (const name of ['source', 'packed', 'user']) mkdirSync(join(root, name))
  // Without one, npm would take the nearest folder above that has one.
  writeFileSync(join(root, 'user/package.json'), '{}')
  const { tarball, files } = await packPackage(join(root, 'source'), join(root, 'packed'))
  const user = join(root, 'user')
  const env = userEnv(oldNode?.path)
  await runUser('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], { cwd: user, env })
  const launcher = join(user, 'node_modules/ccproxy/dist/cli/launcher.js')

  t.test('holds what is needed, and nothing else', async (t) => {
    const others = files.filter((path) => !/^dist\/[\w/-]+\.js$/.test(path))
    t.same(others.sort(), ['.env.example', 'CHANGELOG.md', 'LICENSE', 'README.md', 'config.example.yaml', 'package.json'])
    for (const path of ['dist/server.js', 'dist/cli/main.js', 'dist/simulator/demo.js']) t.ok(files.includes(path), path)
  })

  t.test('npx ccproxy demo --once shows answers and leaves nothing behind', async (t) => {
    const TMPDIR = folderOf(t)
    const output = await runUser('npx', ['--no-install', 'ccproxy', 'demo', '--once'], { cwd: user, env: { ...env, TMPDIR, PORT: '0' } })
    t.match(output, 'Claude: Hello! 👋 You wrote: “Good morning, Claude!”')
    t.same(readdirSync(TMPDIR).filter((name) => name.startsWith('ccproxy-')), [])
  })

  t.test('exit codes pass through', async (t) => {
    t.match(await ended(spawn('npx', ['--no-install', 'ccproxy', 'nothing'], { cwd: user, env, stdio: 'ignore' })), { code: 2 })
  })

  t.test('on an older Node', { skip }, async (t) => {
    t.test('one SIGTERM, however many processes hear it, lets running answers end', async (t) => {
      for (const group of [false, true]) {
        const { gateway, url, log, release } = await serving(t, launcher)
        const answer = await ask(url, await tokenOf(url))
        process.kill(group ? -gateway.pid! : gateway.pid!, 'SIGTERM')
        await log('draining')
        release()
        t.match(await answer.text(), 'message_stop')
        t.same(await ended(gateway), { code: 0, signal: null }, group ? 'sent to the group' : 'sent to the launcher')
      }
    })

    t.test('when the launcher is killed the gateway does not stay behind', async (t) => {
      const { gateway, log } = await serving(t, launcher)
      gateway.kill('SIGKILL')
      await log('SIGTERM received: draining')
    })

    t.test('without the Node that comes along it says what to do', async (t) => {
      const folder = join(user, 'node_modules')
      const hidden = folderOf(t)
      for (const name of readdirSync(folder).filter((name) => /^node-(bin-)?(linux|darwin|win)-/.test(name))) renameSync(join(folder, name), join(hidden, name))
      t.teardown(() => { for (const name of readdirSync(hidden)) renameSync(join(hidden, name), join(folder, name)) })
      const child = spawn(oldNode!.path, [launcher, '--version'], { cwd: user, env, stdio: ['ignore', 'ignore', 'pipe'] })
      let stderr = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text })
      t.same(await ended(child), { code: 1, signal: null })
      t.match(stderr, /^ccproxy needs Node\.js \d+ or newer; this is Node\.js .*--omit=optional\.\n$/)
    })
  })
})

function folderOf (t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'ccproxy-pack-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

/** The gateway as the older Node starts it, in a process group of its own, before an upstream that holds its answer until it is released. */
async function serving (t: Test, launcher: string) {
  let release = () => {}
  const held = new Promise<void>((resolve) => { release = resolve })
  const upstream = await startUpstream(t, async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(MESSAGE_START)
    await held
    response.end(event('message_stop', { type: 'message_stop' }))
  })
  const cwd = folderOf(t)
  const gateway = spawn(oldNode!.path, [launcher], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...userEnv(oldNode!.path), ...SECRETS, CCPROXY_SERVER_HOST: '127.0.0.1', CCPROXY_SERVER_PORT: '0', CCPROXY_CLAUDE_API_KEYS: 'sk-ant-made-up-0001', CCPROXY_CLAUDE_API_URL: upstream.url }
  })
  t.teardown(() => { try { process.kill(-gateway.pid!, 'SIGKILL') } catch { /* it has ended */ } })
  const lines: string[] = []
  const waiting = new Map<string, (line: string) => void>()
  createInterface({ input: gateway.stdout }).on('line', (line) => {
    lines.push(line)
    for (const [text, resolve] of waiting) if (line.includes(text)) resolve(line)
  })
  const log = async (text: string) => lines.find((line) => line.includes(text)) ?? await new Promise<string>((resolve) => waiting.set(text, resolve))
  return { gateway, url: /http:[^"]+/.exec(await log('Server listening at'))![0], log, release }
}

async function tokenOf (url: string): Promise<string> {
  const answer = await fetch(`${url}/api/token/generate`, {
    method: 'POST', headers: { 'x-admin-key': SECRETS.CCPROXY_ADMIN_KEY, 'content-type': 'application/json' }, body: '{"name":"made up"}'
  })
  return (await answer.json() as { token: string }).token
}

/** An answer that has begun. */
async function ask (url: string, token: string): Promise<Response> {
  return fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{"model":"claude-sonnet-5-5","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}'
  })
}

async function ended (child: ChildProcess): Promise<{ code: number | null, signal: string | null }> {
  if (child.exitCode !== null || child.signalCode !== null) return { code: child.exitCode, signal: child.signalCode }
  const [code, signal] = await once(child, 'exit')
  return { code, signal }
}
