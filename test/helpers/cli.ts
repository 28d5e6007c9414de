import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { buildSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/app.ts'
import { SECRETS, spawnServer, type ServerProcess } from './server-process.ts'

const LAUNCHER = join(import.meta.dirname, '..', '..', 'src', 'cli', 'launcher.ts')

/** A bound for what never ends, in milliseconds; not a measure. */
const HANG = 120_000

export interface CliRun {
  code: number | null
  stdout: string
  stderr: string
}

export interface CliPlace {
  cwd: string
  env?: Record<string, string>
  /** What is written to standard input. */
  input?: string
}

/** Starts the real command with no environment but `env`. */
export function spawnCli (t: Test, args: string[], { cwd, env = {}, input }: CliPlace): { child: ChildProcess, ended: Promise<CliRun> } {
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    cwd, env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env }, stdio: ['pipe', 'pipe', 'pipe'], timeout: HANG, killSignal: 'SIGKILL'
  })
  t.teardown(() => child.kill('SIGKILL'))
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) child[name]!.setEncoding('utf8').on('data', (text: string) => { output[name] += text })
  child.stdin!.on('error', () => {})
  if (input !== undefined) child.stdin!.end(input)
  const ended = new Promise<CliRun>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, ...output }))
  })
  return { child, ended }
}

/** Runs the real command to its end. */
export async function runCli (t: Test, args: string[], place: CliPlace): Promise<CliRun> {
  return spawnCli(t, args, { input: '', ...place }).ended
}

export interface CliWorld {
  simulator: Simulator
  server: ServerProcess
  url: string
  /** The gateway's folder; its `.env` has everything that it was started with. */
  cwd: string
  /** Runs the command, told where the gateway is, in the gateway's folder unless `place` says otherwise. */
  run (args: string[], place?: Partial<CliPlace>): Promise<CliRun>
  /** The same with `--json`, parsed. */
  json<T = any> (args: string[], place?: Partial<CliPlace>): Promise<T>
}

export const MADE_UP_KEY = 'sk-ant-sim-made-up-key-of-the-command-aaaa'

export interface CliWorldOptions extends SimulatorOptions {
  /** Variables of the gateway's `.env`. */
  settings?: Record<string, string>
}

/** The real process in front of the simulator, and the command beside it. */
export async function startCliWorld (t: Test, { settings = {}, ...options }: CliWorldOptions = {}): Promise<CliWorld> {
  const simulator = buildSimulator(options)
  t.teardown(() => simulator.close())
  const upstream = await simulator.listen({ host: '127.0.0.1', port: 0 })
  const env: Record<string, string> = {
    ...SECRETS, CCPROXY_CLAUDE_API_URL: upstream, CCPROXY_CLAUDE_WEB_URL: upstream, CCPROXY_CLAUDE_API_KEYS: MADE_UP_KEY, ...settings
  }
  // Not the test's own folder, which the next `t.testdir` would empty.
  const cwd = mkdtempSync(join(tmpdir(), 'ccproxy-cli-'))
  t.teardown(() => rmSync(cwd, { recursive: true, force: true, maxRetries: 3 }))
  writeFileSync(join(cwd, '.env'), Object.entries(env).map(([name, value]) => `${name}=${value}\n`).join(''), { mode: 0o600 })
  const server = spawnServer(t, { cwd, env: {} })
  const url = await server.url()
  const run: CliWorld['run'] = (args, place = {}) => runCli(t, args, { cwd, ...place, env: { CCPROXY_URL: url, ...place.env } })
  const json: CliWorld['json'] = async (args, place) => {
    const { code, stdout, stderr } = await run([...args, '--json'], place)
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`)
    return JSON.parse(stdout)
  }
  return { simulator, server, url, cwd, run, json }
}
