/** From starting a process to its first answer: the gateway as a user starts it, beside a Fastify server that does nothing. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { SuiteOptions } from '../flags.ts'
import { VoidRun } from '../load.ts'
import { figure, rounds, table, type Section } from '../report.ts'
import { ratioOf, rotated } from '../statistics.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const SCRIPTS = { empty: join(ROOT, 'bench/targets/empty-server.ts'), gateway: join(ROOT, 'src/server.ts') }
type Name = keyof typeof SCRIPTS

const STARTS = 10
const QUICK_STARTS = 4

export async function start ({ quick }: SuiteOptions): Promise<Section> {
  const times: Record<Name, number[]> = { empty: [], gateway: [] }
  for (let round = -1; round < (quick ? QUICK_STARTS : STARTS); round++) {
    for (const name of rotated(Object.keys(SCRIPTS) as Name[], round + 1)) {
      const time = await timeOfStart(name)
      if (round >= 0) times[name].push(time)
    }
  }
  const ratio = ratioOf(times.gateway, times.empty)
  return {
    title: 'From start to ready',
    text: table(['', 'ms'], [
      ['empty Fastify server', rounds(times.empty)], ['gateway', rounds(times.gateway)],
      ['gateway ÷ empty', `**${figure(ratio.ofMedians, 2)}**, of the least ${figure(ratio.ofLeast, 2)}`]
    ]),
    data: { ...times, ratio }
  }
}

/** @returns milliseconds from the start of the process until it has answered a first request */
async function timeOfStart (name: Name): Promise<number> {
  const cwd = mkdtempSync(join(tmpdir(), 'ccproxy-bench-start-'))
  const from = performance.now()
  const child = spawn(process.execPath, [SCRIPTS[name]], { cwd, env: environment(cwd), stdio: ['ignore', 'pipe', 'inherit'] })
  const over = once(child, 'exit')
  try {
    const answer = await fetch(`${await address(child.stdout)}/health`)
    if (!answer.ok) throw new VoidRun(`/health answered ${answer.status}`, { status: answer.status })
    return performance.now() - from
  } finally {
    // An orderly end: what was compiled is kept at the exit, for the next start.
    child.kill('SIGTERM')
    await over
    rmSync(cwd, { recursive: true })
  }
}

/** A database of its own, and upstreams that are never asked for anything but the list of models, in vain. */
function environment (cwd: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    NODE_ENV: 'production',
    CCPROXY_JWT_SECRET: 'made-up-jwt-secret-of-more-than-32-bytes',
    CCPROXY_ADMIN_KEY: 'made-up-admin-key',
    CCPROXY_CLAUDE_API_KEYS: 'sk-ant-made-up-key-11111111',
    CCPROXY_CLAUDE_API_URL: 'http://127.0.0.1:9',
    CCPROXY_CLAUDE_WEB_URL: 'http://127.0.0.1:9',
    CCPROXY_SERVER_HOST: '127.0.0.1',
    CCPROXY_SERVER_PORT: '0',
    CCPROXY_STORAGE_DB_PATH: join(cwd, 'ccproxy.db')
  }
}

/** The address that a process writes when it listens. */
async function address (stdout: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stdout })) {
    const found = /http:\/\/127\.0\.0\.1:\d+/.exec(line)
    if (found !== null) {
      stdout.resume()
      return found[0]
    }
  }
  throw new VoidRun('a server ended before it listened')
}
