/** What a release says of itself, made out of commits: pure functions of text. `release.ts` does what they say. */

export interface Commit {
  hash: string
  subject: string
  body: string
}

/** A line of the changelog, and the heading that it belongs under. */
export interface Entry {
  heading: Heading
  text: string
}

/** In the order in which a section has them. Source: Keep a Changelog 1.1.0. */
const HEADINGS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'] as const
type Heading = typeof HEADINGS[number]

export type Step = 'major' | 'minor' | 'patch'

/** Only what somebody who runs the gateway can notice; docs, tests and refactorings are for `git log`. */
const HEADING_OF: Readonly<Record<string, Heading>> = { feat: 'Added', fix: 'Fixed', perf: 'Changed' }
const CONVENTIONAL = /^(?<type>[a-z]+)(?:\((?<scope>[^)]+)\))?(?<mark>!)?: (?<text>.+)$/
const BREAKING = /^BREAKING[ -]CHANGE: /m
const REVERTED = /^This reverts commit ([0-9a-f]{7,40})/m
const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/
const UNRELEASED = '## Unreleased'

/** A commit that was taken back within the same release, and the one that took it back, are told of nowhere. */
export function entriesOf (commits: readonly Commit[]): Entry[] {
  return withoutReverted(commits).flatMap(({ subject, body }) => {
    const { type = '', scope, mark, text = '' } = CONVENTIONAL.exec(subject)?.groups ?? {}
    const breaks = mark !== undefined || BREAKING.test(body)
    const heading = breaks ? 'Changed' : HEADING_OF[type]
    if (heading === undefined || text === '') return []
    const said = scope === undefined ? sentence(text) : `${scope}: ${text}`
    return [{ heading, text: `- ${breaks ? '**Breaking:** ' : ''}${said}${/[.!?]$/.test(said) ? '' : '.'}` }]
  })
}

/** How far the commits move the version. Before 1.0.0 what breaks moves the middle number. Source: Semantic Versioning 2.0.0, point 4. */
export function stepOf (commits: readonly Commit[], version: string): Step {
  const kept = withoutReverted(commits)
  const breaks = kept.some(({ subject, body }) => CONVENTIONAL.exec(subject)?.groups?.['mark'] !== undefined || BREAKING.test(body))
  if (breaks) return version.startsWith('0.') ? 'minor' : 'major'
  return kept.some(({ subject }) => CONVENTIONAL.exec(subject)?.groups?.['type'] === 'feat') ? 'minor' : 'patch'
}

export function bump (version: string, step: Step): string {
  const [major, minor, patch] = numbers(version)
  if (step === 'major') return `${major + 1}.0.0`
  return step === 'minor' ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`
}

/** @throws when either is no `X.Y.Z` */
export function isLater (version: string, than: string): boolean {
  const [left, right] = [numbers(version), numbers(than)]
  const first = left.findIndex((part, index) => part !== right[index])
  return first !== -1 && left[first]! > right[first]!
}

/**
 * What is unreleased becomes the version, with the entries that it does not have yet appended under their headings; above it stands an empty
 * "Unreleased".
 * @param date as `YYYY-MM-DD`
 * @throws when the changelog has no such section, or there would be nothing to tell
 */
export function withRelease (changelog: string, version: string, date: string, entries: readonly Entry[]): string {
  const { before, section, after } = cut(changelog, UNRELEASED)
  const notes = withEntries(section, entries)
  if (notes === '') throw new Error('Nothing to release: no entry under "Unreleased", and no feat, fix or perf commit.')
  return `${before}${UNRELEASED}\n\n## ${version} - ${date}\n\n${notes}\n${after === '' ? '' : `\n${after}`}`
}

/** What the changelog says of a version, without its heading. @throws when it says nothing of it */
export function notesOf (changelog: string, version: string): string {
  const heading = changelog.split('\n').find((line) => line.startsWith(`## ${version} - `))
  if (heading === undefined) throw new Error(`CHANGELOG.md has no section for ${version}.`)
  return cut(changelog, heading).section
}

/** `package.json` or `package-lock.json` with another version, in npm's own form. */
export function withVersion (json: string, version: string): string {
  const content = JSON.parse(json) as { version: string, packages?: Record<string, { version: string }> }
  content.version = version
  const root = content.packages?.['']
  if (root !== undefined) root.version = version
  return `${JSON.stringify(content, null, 2)}\n`
}

function withEntries (section: string, entries: readonly Entry[]): string {
  // The line break lets also a heading at the very beginning be one before which to split.
  const [lead = '', ...parts] = `\n${section}`.split(/^(?=### )/m)
  const lists = new Map(parts.map((part) => [part.slice(4, part.indexOf('\n') + 1 || undefined).trim(), part.slice(part.indexOf('\n') + 1).trim()]))
  for (const { heading, text } of entries) {
    const list = lists.get(heading) ?? ''
    if (!list.split('\n').includes(text)) lists.set(heading, `${list}\n${text}`.trim())
  }
  const headings = [...HEADINGS, ...[...lists.keys()].filter((name) => !HEADINGS.some((known) => known === name))]
  const written = headings.filter((name) => lists.has(name)).map((name) => `### ${name}\n\n${lists.get(name)!}`)
  return [lead.trim(), ...written].filter((part) => part !== '').join('\n\n')
}

function cut (changelog: string, heading: string): { before: string, section: string, after: string } {
  const lines = changelog.split('\n')
  const start = lines.indexOf(heading)
  if (start === -1) throw new Error(`CHANGELOG.md has no line "${heading}".`)
  const next = lines.findIndex((line, index) => index > start && line.startsWith('## '))
  const end = next === -1 ? lines.length : next
  const before = lines.slice(0, start).map((line) => `${line}\n`).join('')
  return { before, section: lines.slice(start + 1, end).join('\n').trim(), after: lines.slice(end).join('\n') }
}

function withoutReverted (commits: readonly Commit[]): Commit[] {
  const gone = new Set<string>()
  // From the newest: what takes back a taking back leaves the first commit in its place.
  for (const { hash, body } of commits.toReversed()) {
    const prefix = gone.has(hash) ? undefined : REVERTED.exec(body)?.[1]
    const reverted = prefix && commits.find((commit) => commit.hash.startsWith(prefix))
    if (reverted) gone.add(hash).add(reverted.hash)
  }
  return commits.filter(({ hash }) => !gone.has(hash))
}

function numbers (version: string): [number, number, number] {
  const [, major, minor, patch] = VERSION.exec(version) ?? []
  if (patch === undefined) throw new Error(`"${version}" is no version: write it as X.Y.Z.`)
  return [Number(major), Number(minor), Number(patch)]
}

function sentence (text: string): string {
  return text[0]!.toUpperCase() + text.slice(1)
}
