import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { LineCounter, parseDocument, visit } from 'yaml'

/** Where settings are looked for. */
export interface Place {
  env: Record<string, string | undefined>
  cwd: string
}

/** A setting as it was found, not yet checked. */
export interface Found {
  value: unknown
  /** For messages: `the environment`, or the name of the file. */
  origin: string
  fromFile: boolean
}

export interface Sources {
  /** By the name in the file, such as `server.port`. */
  values: Map<string, Found>
  /** What could not be read, and keys that nobody knows. */
  problems: string[]
}

interface Name {
  env: string
  file: string
}

const FILE_VARIABLE = 'CCPROXY_CONFIG'

/** Of our prefix, and no settings: where the command finds a gateway, and what clients keep their token in. */
const OTHER_VARIABLES = ['CCPROXY_URL', 'CCPROXY_TOKEN']

/** Collects what the environment and the file say; the environment wins. */
export function readSources ({ env, cwd }: Place, names: Name[]): Sources {
  const sources: Sources = { values: new Map(), problems: [] }
  readFile(env, cwd, names, sources)
  readEnvironment(env, names, sources)
  return sources
}

function readEnvironment (env: Place['env'], names: Name[], { values, problems }: Sources): void {
  const known = new Map(names.map((name) => [name.env, name.file]))
  for (const [name, written] of Object.entries(env)) {
    const value = written?.trim() ?? ''
    if (!name.startsWith('CCPROXY_') || name === FILE_VARIABLE || OTHER_VARIABLES.includes(name) || value === '' || isServiceLink(name, value)) continue
    const file = known.get(name)
    if (file !== undefined) values.set(file, { value, origin: 'the environment', fromFile: false })
    else problems.push(`${name}: is not a known setting${suggestion(name, [...known, [FILE_VARIABLE, 'path of the file']])}`)
  }
}

/** Kubernetes tells every pod of a Service named `ccproxy` in variables of our prefix. Source: Kubernetes docs, "Service". */
function isServiceLink (name: string, value: string): boolean {
  return /^CCPROXY_(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$/.test(name) ||
    (name === 'CCPROXY_PORT' && /^(tcp|udp|sctp):\/\//.test(value))
}

function readFile (env: Place['env'], cwd: string, names: Name[], { values, problems }: Sources): void {
  const chosen = env[FILE_VARIABLE]?.trim()
  const path = chosen || 'config.yaml'
  let text: string
  try {
    text = readFileSync(resolve(cwd, path), 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (!chosen && code === 'ENOENT') return
    problems.push(`${chosen ? `${FILE_VARIABLE}: the file ${path}` : path} cannot be read (${code}); check the path and its permissions.`)
    return
  }
  const known = new Map(names.map((name) => [name.file, name.env]))
  for (const [file, value] of parseYaml(text, path, problems)) {
    if (isUnset(value)) continue
    if (known.has(file)) values.set(file, { value, origin: path, fromFile: true })
    else if (names.some((name) => name.file.startsWith(`${file}.`))) problems.push(`${file} in ${path}: must have its settings indented below it, each as "name: value".`)
    else problems.push(`${label(file)} in ${path}: is not a known setting${suggestion(file, [...known])}`)
  }
}

/** The file's settings as `section.name` and value. */
function parseYaml (text: string, path: string, problems: string[]): Array<[string, unknown]> {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  const report = (offset: number, code: string) => {
    const { line, col } = lineCounter.linePos(offset)
    problems.push(`${path}:${line}:${col}: is not valid YAML (${code}): ${MENDS[code] ?? 'check the indentation, and put unusual text in quotes'}.`)
  }
  for (const { pos, code } of [...document.errors, ...document.warnings]) report(pos[0], code)
  visit(document, {
    Alias: (_key, node) => {
      if (node.resolve(document) === undefined) report(node.range?.[0] ?? 0, 'BAD_ALIAS')
    }
  })
  return problems.some((problem) => problem.startsWith(`${path}:`)) ? [] : sectionsOf(document.toJS(), path, problems)
}

/** Own words: the parser's messages can quote a piece of the file, and that can be a secret. */
const MENDS: Record<string, string> = {
  BAD_ALIAS: 'text that begins with * must be in quotes',
  BAD_SCALAR_START: 'text that begins with @, `, % or another special character must be in quotes',
  DUPLICATE_KEY: 'this key is written twice; keep one',
  MISSING_CHAR: 'a closing quote, a bracket or a colon is missing',
  MULTIPLE_DOCS: 'the file must hold one document; remove the --- line',
  TAB_AS_INDENT: 'indent with spaces, not with tabs',
  TAG_RESOLVE_FAILED: 'text that begins with ! must be in quotes'
}

function sectionsOf (root: unknown, path: string, problems: string[]): Array<[string, unknown]> {
  if (isUnset(root)) return []
  if (!isMap(root)) {
    problems.push(`${path}: must hold sections with settings, such as "server:" with "port: 8080" indented below it.`)
    return []
  }
  return Object.entries(root).flatMap(([section, body]): Array<[string, unknown]> => {
    // No setting lives at the top: the caller reports it.
    if (!isMap(body)) return [[section, body]]
    return Object.entries(body).map(([name, value]) => [`${section}.${name}`, value])
  })
}

function isMap (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isUnset (value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'string' && value.trim() === '')
}

/** A secret put where a key belongs must not reach a message. */
function label (key: string): string {
  return /^[a-z][a-z_]{0,30}(\.[a-z][a-z_]{0,30})?$/i.test(key) ? key : 'A key (not shown: it does not look like a name)'
}

/** `known` pairs each name with its other spelling. */
function suggestion (written: string, known: Array<[string, string]>): string {
  const ranked = known.map(([name, other]) => ({ name, other, steps: editDistance(written.toLowerCase(), name.toLowerCase()) }))
  const near = ranked.sort((a, b) => a.steps - b.steps)[0]
  return near !== undefined && near.steps <= Math.max(2, written.length / 4)
    ? `; did you mean ${near.name} (${near.other})?`
    : '; remove it, or see .env.example and config.example.yaml for all settings.'
}

/** Levenshtein distance: how many letters must be added, dropped or changed. */
function editDistance (from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const current = [i]
    for (let j = 1; j <= to.length; j++) {
      const changed = previous[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      current.push(Math.min(changed, previous[j]! + 1, current[j - 1]! + 1))
    }
    previous = current
  }
  return previous[to.length]!
}
