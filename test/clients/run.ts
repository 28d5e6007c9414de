import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { createTally } from './helpers/tally.ts'

/**
 * Installs the real clients into this folder, in the versions that its lockfile pins, and runs the tests with them. The last line says how
 * it went. The tests see an environment without anybody's credentials or settings.
 */

const HERE = import.meta.dirname

/** A bound for one file of tests that hangs, in milliseconds. */
const HANG = 15 * 60_000

const tally = createTally()
if (isInstalled() || await install()) {
  for (const file of globSync('*.client.ts', { cwd: HERE }).toSorted()) await runFile(file)
}
console.log(`${tally.passed} passed, ${tally.failed} failed`)
if (tally.failed > 0 || tally.passed === 0) process.exitCode = 1

/** Whether npm's own record of what it installed has every package with the contents that the lockfile pins. */
function isInstalled (): boolean {
  const record = join(HERE, 'node_modules/.package-lock.json')
  if (!existsSync(record)) return false
  const installed = packagesIn(record)
  return Object.entries(packagesIn(join(HERE, 'package-lock.json'))).every(([path, { optional, integrity }]) => {
    // Of the optional packages only those of this platform are there; the clients that need them do not start without.
    const there = installed[path]
    return path === '' || (there === undefined ? optional === true : there.integrity === integrity)
  })
}

function packagesIn (lockfile: string): Record<string, { integrity?: string, optional?: boolean }> {
  return (JSON.parse(readFileSync(lockfile, 'utf8')) as { packages: Record<string, object> }).packages
}

/** @returns whether the clients are there now; if not, it was said why */
async function install (): Promise<boolean> {
  console.log('Installing the clients into test/clients/node_modules …')
  const npm = spawn('npm', ['ci', '--prefix', HERE, '--no-fund', '--no-audit'], { cwd: HERE, stdio: 'inherit' })
  const code = await ended(npm).catch((error: Error) => error.message)
  if (code !== 0) console.error(`The clients could not be installed: npm ended with ${code}.`)
  return code === 0
}

/** Runs one file in a home of its own, shows what it says, and counts it. */
async function runFile (file: string): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'ccproxy-clients-'))
  try {
    const env = { PATH: process.env['PATH'], HOME: home, TMPDIR: home, TAP_TIMEOUT: '300' }
    const child = spawn(process.execPath, [join(HERE, file)], { env, stdio: ['ignore', 'pipe', 'inherit'], timeout: HANG, killSignal: 'SIGKILL' })
    console.log(`# ${basename(file, '.client.ts')}`)
    const over = ended(child)
    for await (const line of createInterface({ input: child.stdout })) {
      console.log(line)
      tally.read(line)
    }
    tally.endFile(await over)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

/** The exit code, or the signal that ended it. */
function ended (child: ReturnType<typeof spawn>): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
}
