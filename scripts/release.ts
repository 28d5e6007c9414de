/** `npm run release`: a new version, its changelog out of the commits, a commit and a tag. It pushes nothing: that is for a person to decide. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bump, entriesOf, isLater, notesOf, stepOf, withRelease, withVersion, type Commit, type Step } from './changelog.ts'

const CHANGELOG = 'CHANGELOG.md'
const FILES = ['package.json', 'package-lock.json', CHANGELOG] as const
const HELP = `npm run release -- [major|minor|patch|X.Y.Z] [--dry-run]   without a word, the commits decide
npm run release -- --notes X.Y.Z                           what the changelog says of a version`

export interface ReleaseOptions {
  /** The top of the repository. */
  cwd: string
  /** The day of the release, as `YYYY-MM-DD`. */
  date: string
  /** A step, or a version; the commits decide when left out. */
  wanted?: string | undefined
  /** Only says what would be done. */
  dryRun?: boolean | undefined
}

/** @throws an error whose message says what to do when the release cannot be made; nothing has changed then */
export function release ({ cwd, date, wanted, dryRun = false }: ReleaseOptions): { version: string, notes: string } {
  const git = gitIn(cwd)
  const read = (name: string): string => readFileSync(join(cwd, name), 'utf8')
  if (!dryRun && git('status', '--porcelain') !== '') throw new Error('The tree is not clean: commit or stash what has changed, then release.')

  const { version: current } = JSON.parse(read('package.json')) as { version: string }
  const lastTag = git('tag', '--list', 'v[0-9]*', '--merged', 'HEAD', '--sort=-version:refname').split('\n')[0]!
  const commits = commitsSince(git, lastTag)
  const version = versionOf(current, wanted ?? (lastTag === '' ? current : stepOf(commits, current)))
  if (git('tag', '--list', `v${version}`) !== '') throw new Error(`v${version} is there already: name a later version.`)
  if (version !== current && !isLater(version, current)) throw new Error(`${version} is not later than ${current}, which package.json has.`)

  const changelog = withRelease(read(CHANGELOG), version, date, entriesOf(commits))
  const released = { version, notes: notesOf(changelog, version) }
  if (dryRun) return released
  const files: Record<string, string> = { [CHANGELOG]: changelog }
  for (const name of ['package.json', 'package-lock.json']) files[name] = withVersion(read(name), version)
  keep(git, cwd, version, files)
  return released
}

/** Writes, commits and tags; when any of it fails, the tree is what it was. */
function keep (git: Git, cwd: string, version: string, files: Readonly<Record<string, string>>): void {
  const head = git('rev-parse', 'HEAD')
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
    git('commit', '--quiet', '--message', `chore(release): v${version}`, '--', ...FILES)
    git('tag', '--annotate', `v${version}`, '--message', `v${version}`)
  } catch (error) {
    // The tree was clean: all that is undone here is what was done above.
    git('reset', '--quiet', '--hard', head)
    throw error
  }
}

/**
 * Oldest first. A commit that wrote in the changelog itself has told of its change there. Before the first tag that holds for all that came before
 * such a commit, too: the first changelog was written by hand.
 */
function commitsSince (git: Git, tag: string): Commit[] {
  const since = tag === '' ? git('rev-list', '--max-count=1', 'HEAD', '--', CHANGELOG) : tag
  const range = since === '' ? 'HEAD' : `${since}..HEAD`
  const told = new Set(git('rev-list', range, '--', CHANGELOG).split('\n'))
  const log = git('log', '--reverse', '--no-merges', '--format=%H%x1f%s%x1f%b%x1e', range)
  return log.split('\x1e').map((record) => record.trim().split('\x1f')).filter(([hash = '']) => hash !== '' && !told.has(hash))
    .map(([hash = '', subject = '', body = '']) => ({ hash, subject, body }))
}

function versionOf (current: string, wanted: string): string {
  return ['major', 'minor', 'patch'].includes(wanted) ? bump(current, wanted as Step) : wanted
}

type Git = (...args: string[]) => string

function gitIn (cwd: string): Git {
  return (...args) => execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 * 1024 * 1024 }).trim()
}

function main (): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean' }, help: { type: 'boolean' }, notes: { type: 'string' } }
  })
  if (values.help || positionals.length > 1) return console.log(HELP)
  const cwd = join(import.meta.dirname, '..')
  if (values.notes !== undefined) return console.log(notesOf(readFileSync(join(cwd, CHANGELOG), 'utf8'), values.notes.replace(/^v/, '')))
  const dryRun = values['dry-run']
  const { version, notes } = release({ cwd, date: new Date().toISOString().slice(0, 10), wanted: positionals[0], dryRun })
  console.log(`${version}\n\n${notes}\n`)
  console.log(dryRun ? 'Nothing was changed.' : `Committed and tagged v${version}. To publish it: git push --follow-tags`)
}

if (import.meta.main) {
  try {
    main()
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
  }
}
