import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'

const SERVER = join(import.meta.dirname, '..', '..', 'src', 'server.ts')

/** Secrets as an environment gives them. */
export const SECRETS = { CCPROXY_JWT_SECRET: 'made-up-jwt-secret-of-more-than-32-bytes', CCPROXY_ADMIN_KEY: 'made-up-admin-key' }

export type ServerProcess = ReturnType<typeof spawnServer>

/**
 * Starts the real process in `cwd` with no environment but `env`, on a free port of 127.0.0.1 unless `env` says otherwise, and kills it when the
 * test ends. `load` is code to run in it beforehand; it can listen to `child.send`.
 */
export function spawnServer (t: Test, { cwd, env = SECRETS, load }: { cwd: string, env?: Record<string, string>, load?: string }) {
  const args = load === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(load)}`]
  const child = spawn(process.execPath, [...args, SERVER], {
    cwd, env: { CCPROXY_SERVER_HOST: '127.0.0.1', CCPROXY_SERVER_PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc']
  })
  const output = { stdout: '', stderr: '' }
  child.stderr!.setEncoding('utf8').on('data', (text: string) => { output.stderr += text })
  const waiting = new Map<string, (line: string) => void>()
  createInterface({ input: child.stdout! }).on('line', (line) => {
    output.stdout += `${line}\n`
    for (const [text, resolve] of waiting) if (line.includes(text)) resolve(line)
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code: code as number | null, signal: signal as string | null }))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })

  /** The first line of the log that holds `text`; fails when the process ends without it. */
  async function logged (text: string): Promise<string> {
    const line = new Promise<string>((resolve) => waiting.set(text, resolve))
    const before = output.stdout.split('\n').find((line) => line.includes(text))
    const found = before ?? await Promise.race([line, ended.then(() => undefined)])
    waiting.delete(text)
    if (found === undefined) throw new Error(`The process ended without logging "${text}":\n${output.stdout}${output.stderr}`)
    return found
  }

  return {
    child,
    /** What the process has written so far. */
    output,
    /** Exit code and signal, once all output has been read. */
    ended,
    logged,
    /** Where it listens, as soon as it does. */
    async url (): Promise<string> {
      return /http:[^"]+/.exec(await logged('Server listening at'))![0]
    }
  }
}
