import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long a program may take to listen, in milliseconds. */
const PATIENCE = 20_000

/** A program that is measured: where it listens, and what a client must send it beside an ordinary request. */
export interface Running {
  origin: string
  token: string
  headers: Record<string, string>
  pid: number
  stop (): Promise<void>
}

export interface Command {
  program: string
  args: string[]
  env?: Record<string, string>
  /** Where it may write; its output goes into `log` there. */
  folder: string
  port: number
}

/**
 * Starts a program and waits until it listens. Its home is its folder: it sees nobody's settings.
 * @throws Error with the end of what it wrote, when it does not listen
 */
export async function startProgram ({ program, args, env = {}, folder, port }: Command): Promise<Pick<Running, 'pid' | 'stop'>> {
  const file = join(folder, 'log')
  const log = openSync(file, 'a')
  const child = spawn(program, args, {
    cwd: folder, stdio: ['ignore', log, log], env: { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder, NODE_ENV: 'production', ...env }
  })
  closeSync(log)
  const over = Promise.race([once(child, 'exit'), once(child, 'error')]).then(() => true, () => true)
  const deadline = performance.now() + PATIENCE
  while (!await listens(port)) {
    const ended = await Promise.race([over, sleep(50).then(() => false)])
    if (!ended && performance.now() < deadline) continue
    child.kill('SIGKILL')
    throw new Error(`it did not start: ${readFileSync(file, 'utf8').trim().slice(-300)}`)
  }
  return {
    pid: child.pid!,
    async stop () {
      // It may have ended by itself.
      child.kill('SIGTERM')
      if (await Promise.race([over, sleep(2_000).then(() => false)])) return
      child.kill('SIGKILL')
      await over
    }
  }
}

/** Makes a folder in which a program looks for its settings. */
export function settingsFolder (home: string, name: string): string {
  const path = join(home, name)
  mkdirSync(path, { recursive: true })
  return path
}

async function listens (port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
