// What `npm test` runs: lint, type check, then every test. Its arguments go to tap, such as the name of one test file.
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

export interface Tally {
  passed: number
  failed: number
  skipped: number
}

if (import.meta.main) {
  const tally = total([await step('eslint', '.'), await step('tsc'), await testStep(process.argv.slice(2))])
  process.exitCode = tally.failed > 0 ? 1 : 0
  if (tally.skipped > 0) console.log(`\n${tally.skipped} skipped`)
  console.log(`\n${lastLine(tally)}`)
}

async function step (tool: string, ...args: string[]): Promise<Tally> {
  const { ok } = await run(tool, args)
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 }
}

async function testStep (args: string[]): Promise<Tally> {
  // tap's own `--output-file` would cost the reporter its summary of the failures.
  const { output, ok } = await run('tap', ['run', '--reporter=base', ...args])
  return tallyOf(output, ok)
}

/** Runs a tool of `node_modules`, showing its output as it comes. */
function run (tool: string, args: string[]): Promise<{ output: string, ok: boolean }> {
  console.log(`> ${[tool, ...args].join(' ')}`)
  // Taken for a CI machine, tap's reporter writes each file once, instead of redrawing its state at every change.
  const env = { ...process.env, CI: 'true', ...process.stdout.isTTY && { FORCE_COLOR: '1' } }
  const child = spawn(process.execPath, [resolve('node_modules/.bin', tool), ...args], { stdio: ['ignore', 'pipe', 'inherit'], env })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    process.stdout.write(text)
  })
  return new Promise((resolve, reject) => child.on('error', reject).on('close', (code) => resolve({ output, ok: code === 0 })))
}

/**
 * Counts what tap reported: its own sum of assertions, and one failure for each file that failed although all its assertions passed (it crashed, or
 * ended early), which the sum leaves out. A run that failed, or in which nothing ran, never counts as passed.
 */
export function tallyOf (output: string, succeeded: boolean): Tally {
  const lines = stripVTControlCharacters(output).split('\n')
  const sum = lines.findLast((line) => line.startsWith('# { total: ')) ?? ''
  const count = (name: string) => Number(new RegExp(`${name}: (\\d+)`).exec(sum)?.[1] ?? 0)
  const crashed = new Set(lines.map((line) => /^ FAIL {2}(\S+) [1-9]\d* [\d.]+m?s$/.exec(line)?.[1]).filter((file) => file !== undefined))
  const passed = count('pass')
  const failed = count('fail') + crashed.size
  const missed = failed === 0 && (!succeeded || passed === 0)
  return { passed, failed: missed ? 1 : failed, skipped: count('skip') + count('todo') }
}

export function total (tallies: Tally[]): Tally {
  return tallies.reduce((sum, { passed, failed, skipped }) => ({
    passed: sum.passed + passed, failed: sum.failed + failed, skipped: sum.skipped + skipped
  }))
}

export function lastLine ({ passed, failed }: Tally): string {
  return `${passed} passed, ${failed} failed`
}
