import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'smol-toml'
import { CliError } from '../errors.ts'
import { type Client, type Connection } from './client.ts'

const VARIABLE = 'CCPROXY_TOKEN'
const TABLE = 'model_providers.ccproxy'

/** Source: Codex's docs, "Configuration": `model_providers` of `config.toml`; `CODEX_HOME` moves the file. The token stays out of it. */
export const codex: Client = {
  title: 'Codex',
  file: ({ env }) => join(env['CODEX_HOME'] || join(env['HOME'] ?? env['USERPROFILE'] ?? '.', '.codex'), 'config.toml'),
  settings: ({ token }) => ({ [VARIABLE]: token }),
  byHand: (connection, file) => `In ${file} (--write does it):

${block(top(connection))}
[${TABLE}]
${block(provider(connection))}
Codex takes the token from the environment:

  export ${VARIABLE}=${connection.token}`,
  merge: mergeToml,
  afterwards: ({ token }) => `Codex takes the token from the environment; put this into your shell's profile:\n\n  export ${VARIABLE}=${token}`
}

function top ({ model }: Connection): Record<string, string> {
  return { model, model_provider: 'ccproxy' }
}

function provider ({ url }: Connection): Record<string, string> {
  return { name: 'ccproxy', base_url: `${url}/v1`, env_key: VARIABLE, wire_api: 'responses' }
}

function block (entries: Record<string, string>): string {
  return Object.entries(entries).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`).join('')
}

/** Edited line by line, so that comments and order stay, and then proven: read again, it must be what it was, and the new settings. */
function mergeToml (text: string, connection: Connection): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const before = read(text)
  const lines = text === '' ? [] : text.replace(/\r?\n$/, '').split(eol)
  const firstTable = lines.findIndex(isHeader)
  setKeys(lines, 0, firstTable === -1 ? lines.length : firstTable, top(connection))
  const providers = before['model_providers'] as Record<string, object> | undefined
  const header = lines.findIndex((line) => /^\s*\[\s*model_providers\s*\.\s*(?:ccproxy|"ccproxy"|'ccproxy')\s*\]/.test(line))
  if (header === -1) {
    if (lines.length > 0) lines.push('')
    lines.push(`[${TABLE}]`)
    setKeys(lines, lines.length, lines.length, provider(connection))
  } else {
    const next = lines.findIndex((line, index) => index > header && isHeader(line))
    setKeys(lines, header + 1, next === -1 ? lines.length : next, provider(connection))
  }
  const edited = lines.join(eol) + eol
  const wanted = { ...before, ...top(connection), model_providers: { ...providers, ccproxy: { ...providers?.['ccproxy'], ...provider(connection) } } }
  if (!isDeepStrictEqual(read(edited), plain(wanted))) throw unreadable()
  return edited
}

function isHeader (line: string): boolean {
  return /^\s*\[/.test(line)
}

/** Sets keys between two lines; what is new comes before the blank lines and comments that lead to what follows. */
function setKeys (lines: string[], from: number, to: number, entries: Record<string, string>): void {
  let end = to
  for (const [name, value] of Object.entries(entries)) {
    const written = new RegExp(`^(\\s*${name}\\s*=\\s*)("(?:[^"\\\\]|\\\\.)*"|'[^']*'|[^#"'\\s]+)(\\s*(?:#.*)?)$`)
    const at = lines.findIndex((line, index) => index >= from && index < end && written.test(line))
    if (at !== -1) {
      lines[at] = lines[at]!.replace(written, (_line, before: string, _old: string, after: string) => before + JSON.stringify(value) + after)
      continue
    }
    let place = end
    if (to < lines.length) while (place > from && /^\s*(?:#.*)?$/.test(lines[place - 1]!)) place--
    lines.splice(place, 0, `${name} = ${JSON.stringify(value)}`)
    if (place === 0 && lines.length > 1 && lines[1]!.trim() !== '' && isHeader(lines[1]!)) lines.splice(1, 0, '')
    end++
    to++
  }
}

function read (text: string): Record<string, unknown> {
  try {
    return plain(parse(text))
  } catch {
    throw unreadable()
  }
}

function plain (value: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value)) as Record<string, unknown>
}

function unreadable (): CliError {
  return new CliError('The settings of Codex cannot be changed safely: they are no TOML, or write model, model_provider or the provider ccproxy in an unusual way. Nothing was changed; run this without --write, and put the lines in by hand.', { code: 'client_settings' })
}
