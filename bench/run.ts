/** `npm run bench`: the whole suite, or `--scenario a,b` of it. See README.md beside this file. */
import { parseFlags, toldWhenRefused, type BenchFlags } from './flags.ts'
import { REMOTE_SCENARIOS, remoteSection } from './remote.ts'
import { circumstances, circumstancesText, type Section } from './report.ts'
import { SCENARIOS, USUAL } from './scenarios/index.ts'

const known = { all: Object.keys(SCENARIOS), usual: USUAL, remote: Object.keys(REMOTE_SCENARIOS) }

await run(toldWhenRefused(() => parseFlags(process.argv.slice(2), known)))

/** A scenario that fails does not keep the others from running; the exit code tells. */
async function run (flags: BenchFlags): Promise<void> {
  const about = circumstances('bench', withoutToken(process.argv.slice(2)))
  const results: Record<string, unknown> = {}
  if (!flags.json) console.log(circumstancesText(about))
  for (const name of flags.scenarios) {
    const start = performance.now()
    const section = await sectionOf(name, flags).catch(failed)
    results[name] = section.data
    if (!flags.json) console.log(`\n## ${section.title}\n\n${section.text}\n\n(${name}, ${Math.round((performance.now() - start) / 1_000)} s)`)
  }
  if (flags.json) console.log(JSON.stringify({ ...about, ...flags, remote: flags.remote?.origin ?? null, results }, null, 2))
}

function sectionOf (name: string, flags: BenchFlags): Promise<Section> {
  return flags.remote === null ? SCENARIOS[name]!(flags) : remoteSection(name, flags.remote)
}

function failed (error: Error): Section {
  process.exitCode = 1
  const because = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return { title: 'Failed', text: error.message + because, data: { failed: error.message + because } }
}

/** The command line as it may be shown to others. */
function withoutToken (args: string[]): string[] {
  return args.map((arg, index) => args[index - 1] === '--token' ? '…' : arg.replace(/^--token=.*/, '--token=…'))
}
