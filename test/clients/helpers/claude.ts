import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

const BINARY = join(import.meta.dirname, '../node_modules/.bin/claude')

/** A bound for what never ends, in milliseconds; not a measure. */
const HANG = 120_000

export interface ClaudeRun {
  exitCode: number | null
  stdout: string
  stderr: string
}

export interface Claude {
  /** Its home, and the folder in which it works. */
  home: string
  run (args: string[], env?: Record<string, string>): Promise<ClaudeRun>
}

/**
 * Claude Code as a new user has it: an empty home, nothing in the environment but where the gateway is and the token for it.
 * The home is removed when the test ends.
 */
export async function newClaude (t: Test, { url, token }: { url: string, token: string }): Promise<Claude> {
  const home = await mkdtemp(join(tmpdir(), 'ccproxy-claude-'))
  t.teardown(() => rm(home, { recursive: true, force: true, maxRetries: 3 }))
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    TMPDIR: home,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_AUTH_TOKEN: token,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1'
  }
  return { home, run: (args, more = {}) => run(args, home, { ...env, ...more }) }
}

/** The setting that makes the simulator fail as told; the gateway forwards the header as it forwards all of `anthropic-*`. */
export function fault (wish: string): Record<string, string> {
  return { ANTHROPIC_CUSTOM_HEADERS: `anthropic-simulator-fault: ${wish}` }
}

function run (args: string[], cwd: string, env: Record<string, string>): Promise<ClaudeRun> {
  const child = spawn(BINARY, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: HANG, killSignal: 'SIGKILL' })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => { output[name] += text })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, ...output }))
  })
}
