import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

const BINARY = join(import.meta.dirname, '../node_modules/.bin/codex')

/** A bound for what never ends, in milliseconds; not a measure. */
const HANG = 120_000

export interface CodexRun {
  exitCode: number | null
  /** The last thing that the model said. */
  stdout: string
  /** What Codex did on its way. */
  stderr: string
}

/** What a new user writes into `config.toml`. */
function settings (url: string, fault: string | undefined): string {
  return [
    'model = "claude-sonnet-5-5"',
    'model_provider = "ccproxy"',
    '[model_providers.ccproxy]',
    'name = "ccproxy"',
    `base_url = "${url}/v1"`,
    'env_key = "CCPROXY_TOKEN"',
    'wire_api = "responses"',
    ...fault === undefined ? [] : [`http_headers = { "anthropic-simulator-fault" = "${fault}" }`]
  ].join('\n')
}

/**
 * Codex as a new user has it: an empty home, nothing in the environment but the token. What it runs, it runs in that home, which is removed
 * when the test ends.
 * @param fault how the simulator shall fail
 */
export async function newCodex (t: Test, { url, token }: { url: string, token: string }, fault?: string) {
  const home = await mkdtemp(join(tmpdir(), 'ccproxy-codex-'))
  t.teardown(() => rm(home, { recursive: true, force: true, maxRetries: 3 }))
  await mkdir(join(home, '.codex'))
  await writeFile(join(home, '.codex/config.toml'), settings(url, fault))
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: home, CCPROXY_TOKEN: token }
  return { home, ask: (prompt: string, more: string[] = []) => run(prompt, more, home, env) }
}

function run (prompt: string, more: string[], cwd: string, env: Record<string, string>): Promise<CodexRun> {
  const args = ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', ...more, prompt]
  const child = spawn(BINARY, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: HANG, killSignal: 'SIGKILL' })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => { output[name] += text })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, ...output }))
  })
}
