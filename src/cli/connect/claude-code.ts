import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as jsonc from 'jsonc-parser'
import { CliError } from '../errors.ts'
import { shellLine, type Client, type Connection } from './client.ts'

const MARK = '\ufeff'

/** Source: Claude Code's docs, "Settings": `env` of `settings.json` holds variables for every session; `CLAUDE_CONFIG_DIR` moves the file. */
export const claudeCode: Client = {
  title: 'Claude Code',
  file: ({ env }) => join(env['CLAUDE_CONFIG_DIR'] || join(env['HOME'] ?? env['USERPROFILE'] ?? '.', '.claude'), 'settings.json'),
  settings: variables,
  byHand: (connection, file) => `Once:

  ${shellLine(variables(connection), 'claude')}

For good, in ${file} (--write does it):

${JSON.stringify({ env: variables(connection) }, null, 2)}`,
  merge: mergeSettings
}

function variables ({ url, token }: Connection): Record<string, string> {
  return { ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: token }
}

/** Comments stay, as do settings that nobody here knows. */
function mergeSettings (text: string, connection: Connection): string {
  const mark = text.startsWith(MARK) ? MARK : ''
  const written = text.slice(mark.length)
  const before = written.trim() === '' ? {} : parse(written)
  let edited = written.trim() === '' ? '{}' : written
  const formattingOptions = { insertSpaces: !/^\t/m.test(written), tabSize: /^( +)"/m.exec(written)?.[1]?.length ?? 2, eol: written.includes('\r\n') ? '\r\n' : '\n' }
  for (const [name, value] of Object.entries(variables(connection))) {
    edited = jsonc.applyEdits(edited, jsonc.modify(edited, ['env', name], value, { formattingOptions }))
  }
  const env = before['env'] as Record<string, unknown> | undefined
  if (!isDeepStrictEqual(parse(edited), { ...before, env: { ...env, ...variables(connection) } })) throw unreadable()
  return mark + (edited.endsWith('\n') ? edited : `${edited}${formattingOptions.eol}`)
}

function parse (text: string): Record<string, unknown> {
  const errors: jsonc.ParseError[] = []
  const value: unknown = jsonc.parse(text, errors, { allowTrailingComma: true })
  if (errors.length > 0 || !isMap(value) || (value['env'] !== undefined && !isMap(value['env']))) throw unreadable()
  return value
}

function isMap (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unreadable (): CliError {
  return new CliError('The settings of Claude Code cannot be changed safely: they are no JSON object with an object "env". Nothing was changed; run this without --write, and put the lines in by hand.', { code: 'client_settings' })
}
