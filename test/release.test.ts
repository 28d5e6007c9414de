import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { bump, entriesOf, isLater, notesOf, stepOf, withRelease, withVersion, type Commit } from '../scripts/changelog.ts'
import { release } from '../scripts/release.ts'

const TOP = join(import.meta.dirname, '..')
const DATE = '2026-02-03'
const FIRST = '# Changelog\n\nAll notable changes.\n\n## Unreleased\n\n### Added\n\n- By hand,\n  on two lines.\n'
const PACKAGE = '{\n  "name": "made-up",\n  "version": "0.1.0"\n}\n'
const LOCK = '{\n  "name": "made-up",\n  "version": "0.1.0",\n  "packages": {\n    "": {\n      "version": "0.1.0"\n    },\n    "node_modules/x": {\n      "version": "0.1.0"\n    }\n  }\n}\n'

const commits = (...subjects: string[]): Commit[] => subjects.map((subject, index) => ({ hash: `${index}`.padStart(40, 'a'), subject, body: '' }))
const version = fc.tuple(fc.nat(50), fc.nat(50), fc.nat(50)).map((parts) => parts.join('.'))

t.test('features are added, mends fixed, what is faster changed; what nobody outside notices is left out', async (t) => {
  t.same(entriesOf(commits('feat: a thing', 'fix(web): it holds', 'perf: faster!', 'docs: more', 'test: x', 'refactor: y', 'chore: z', 'no form')), [
    { heading: 'Added', text: '- A thing.' },
    { heading: 'Fixed', text: '- web: it holds.' },
    { heading: 'Changed', text: '- Faster!' }
  ])
})

t.test('what breaks is told as such, whatever its type and however it is marked', async (t) => {
  const footer = { ...commits('refactor: move')[0]!, body: 'Why.\n\nBREAKING CHANGE: it moved' }
  t.same(entriesOf([...commits('feat(api)!: no more'), footer]).map(({ heading, text }) => `${heading} ${text}`), [
    'Changed - **Breaking:** api: no more.', 'Changed - **Breaking:** Move.'
  ])
  t.equal(stepOf([footer], '0.4.2'), 'minor')
  t.equal(stepOf([footer], '1.4.2'), 'major')
})

t.test('a commit that was taken back is told of only when that was taken back too', async (t) => {
  const [feat, fix] = commits('feat: a thing', 'fix: another')
  const revert = { hash: 'b'.repeat(40), subject: 'Revert "feat: a thing"', body: `This reverts commit ${feat!.hash}.` }
  const again = { hash: 'c'.repeat(40), subject: 'Reapply "feat: a thing"', body: `This reverts commit ${revert.hash}.` }
  t.same(entriesOf([feat!, fix!, revert]).map(({ text }) => text), ['- Another.'])
  t.same(entriesOf([feat!, fix!, revert, again]).map(({ text }) => text), ['- A thing.', '- Another.'])
  t.equal(stepOf([feat!, fix!, revert], '1.0.0'), 'patch')
})

t.test('every step leads to a later version, and no version is later than itself', async (t) => {
  fc.assert(fc.property(version, fc.constantFrom('major', 'minor', 'patch'), (from, step) => isLater(bump(from, step), from) && !isLater(from, bump(from, step))))
  fc.assert(fc.property(version, (same) => !isLater(same, same)))
  t.equal(bump('1.9.9', 'minor'), '1.10.0')
  for (const bad of ['1.2', 'v1.2.3', '01.2.3', '1.2.3-rc.1', '1.2.3\n']) t.throws(() => bump(bad, 'patch'), /is no version/, JSON.stringify(bad))
})

t.test('what is unreleased becomes the version, and what is older stays byte for byte', async (t) => {
  const older = '## 0.1.0 - 2026-01-01\n\n### Added\n\n- The beginning.\n'
  const entries = entriesOf(commits('fix: it holds', 'feat: a thing', 'feat: known'))
  const before = `# Changelog\n\n## Unreleased\n\nIn short.\n\n### Fixed\n\n- One.\n\n### Added\n\n- Known.\n\n${older}`
  t.equal(withRelease(before, '0.2.0', DATE, entries),
    `# Changelog\n\n## Unreleased\n\n## 0.2.0 - ${DATE}\n\nIn short.\n\n### Added\n\n- Known.\n- A thing.\n\n### Fixed\n\n- One.\n- It holds.\n\n${older}`)
})

t.test('a release without anything to tell, or a changelog without "Unreleased", is refused', async (t) => {
  t.throws(() => withRelease('# Changelog\n\n## Unreleased\n', '0.2.0', DATE, []), /Nothing to release/)
  t.throws(() => withRelease('# Changelog\n', '0.2.0', DATE, entriesOf(commits('feat: x'))), /no line "## Unreleased"/)
  t.throws(() => notesOf(FIRST, '0.2.0'), /no section for 0\.2\.0/)
})

t.test('package.json and its lockfile are in the form in which the release writes them, and name one version', async (t) => {
  const { version } = JSON.parse(readFileSync(join(TOP, 'package.json'), 'utf8')) as { version: string }
  for (const name of ['package.json', 'package-lock.json']) {
    const text = readFileSync(join(TOP, name), 'utf8')
    t.ok(withVersion(text, version) === text, name)
  }
})

t.test('the changelog of the project can be released', async (t) => {
  const changelog = readFileSync(join(TOP, 'CHANGELOG.md'), 'utf8')
  const released = withRelease(changelog, '99.0.0', DATE, entriesOf(commits('feat: made up')))
  const notes = notesOf(released, '99.0.0')
  t.ok(notes.split('\n').includes('- Made up.'))
  t.equal(notes.split('\n').filter((line) => line === '### Added').length, 1)
  t.equal(notesOf(withRelease(released, '99.0.1', DATE, entriesOf(commits('fix: x'))), '99.0.0'), notesOf(released, '99.0.0'))
})

t.test('the first release is the version that package.json has, told as written by hand and by the commits after', async (t) => {
  const { cwd, commit, git, read } = repository(t)
  commit('feat: new since')
  const { version, notes } = release({ cwd, date: DATE })
  t.equal(version, '0.1.0')
  t.equal(notes, '### Added\n\n- By hand,\n  on two lines.\n- New since.')
  t.match(read('CHANGELOG.md'), `## Unreleased\n\n## 0.1.0 - ${DATE}\n\n### Added\n`)
  t.equal(git('tag', '--points-at', 'HEAD'), 'v0.1.0')
  t.equal(git('cat-file', '-t', 'v0.1.0'), 'tag')
  t.equal(git('log', '-1', '--format=%s'), 'chore(release): v0.1.0')
  t.equal(git('status', '--porcelain'), '')
})

t.test('the next one takes the commits since the tag, but not those that wrote in the changelog themselves', async (t) => {
  const { cwd, commit, git, read } = repository(t)
  release({ cwd, date: DATE })
  commit('fix: it holds')
  commit('feat: told by hand', { 'CHANGELOG.md': read('CHANGELOG.md').replace('## Unreleased\n', '## Unreleased\n\n### Added\n\n- In its own words.\n') })
  commit('fix: and this')
  const { version, notes } = release({ cwd, date: '2026-03-04' })
  t.equal(version, '0.1.1')
  t.equal(notes, '### Added\n\n- In its own words.\n\n### Fixed\n\n- It holds.\n- And this.')
  t.equal(JSON.parse(read('package.json')).version, '0.1.1')
  t.equal(read('package-lock.json'), LOCK.replace('"0.1.0",\n  "packages"', '"0.1.1",\n  "packages"').replace('"": {\n      "version": "0.1.0"', '"": {\n      "version": "0.1.1"'))
  t.same(git('tag', '--list').split('\n'), ['v0.1.0', 'v0.1.1'])
})

t.test('a step or a version may be named; one that is there, or not later, is refused', async (t) => {
  const { cwd, commit } = repository(t)
  release({ cwd, date: DATE })
  commit('fix: it holds')
  t.equal(release({ cwd, date: DATE, wanted: 'major', dryRun: true }).version, '1.0.0')
  t.equal(release({ cwd, date: DATE, wanted: '0.3.0', dryRun: true }).version, '0.3.0')
  t.throws(() => release({ cwd, date: DATE, wanted: '0.1.0' }), /v0\.1\.0 is there already/)
  t.throws(() => release({ cwd, date: DATE, wanted: '0.0.9' }), /not later than 0\.1\.0/)
  t.throws(() => release({ cwd, date: DATE, wanted: 'big' }), /"big" is no version/)
})

t.test('a tree that is not clean is refused, also for a file that git does not know', async (t) => {
  const { cwd, git } = repository(t)
  const before = git('rev-parse', 'HEAD')
  writeFileSync(join(cwd, 'unknown'), '')
  t.throws(() => release({ cwd, date: DATE }), /not clean/)
  t.equal(git('rev-parse', 'HEAD'), before)
  t.equal(git('tag', '--list'), '')
})

t.test('--dry-run tells the same and changes nothing', async (t) => {
  const { cwd, git, read } = repository(t)
  const before = [git('rev-parse', 'HEAD'), git('tag', '--list'), read('CHANGELOG.md')]
  const told = release({ cwd, date: DATE, dryRun: true })
  t.same([git('rev-parse', 'HEAD'), git('tag', '--list'), read('CHANGELOG.md')], before)
  t.equal(git('status', '--porcelain'), '')
  t.same(release({ cwd, date: DATE }), told)
})

t.test('a commit that git refuses leaves the tree as it was', async (t) => {
  const { cwd, git, read } = repository(t)
  writeFileSync(join(cwd, '.git/hooks/pre-commit'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  t.throws(() => release({ cwd, date: DATE }))
  t.equal(read('CHANGELOG.md'), FIRST)
  t.equal(git('status', '--porcelain'), '')
  t.equal(git('tag', '--list'), '')
})

t.test('the command says on standard error what is wrong, and exits with 1', async (t) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(TOP, 'scripts/release.ts'), '--notes', 'v98.0.0'], { encoding: 'utf8' })
  t.same({ status, stdout, stderr }, { status: 1, stdout: '', stderr: 'CHANGELOG.md has no section for 98.0.0.\n' })
})

/** A repository with one commit, which reads no configuration but its own. */
function repository (t: Test) {
  const cwd = t.testdir({ 'package.json': PACKAGE, 'package-lock.json': LOCK, 'CHANGELOG.md': FIRST })
  const git = (...args: string[]): string => execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  const read = (name: string): string => readFileSync(join(cwd, name), 'utf8')
  const commit = (subject: string, files: Record<string, string> = {}): void => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
    git('add', '--all')
    git('commit', '--quiet', '--allow-empty', '--message', subject)
  }
  git('init', '--quiet', '--initial-branch=main')
  const settings = { 'user.name': 'made-up', 'user.email': 'made-up@example.invalid', 'commit.gpgSign': 'false', 'tag.gpgSign': 'false', 'core.hooksPath': '.git/hooks' }
  for (const [name, value] of Object.entries(settings)) git('config', name, value)
  commit('feat: all that there is')
  return { cwd, commit, git, read }
}
