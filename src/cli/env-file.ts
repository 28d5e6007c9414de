import { isDeepStrictEqual, parseEnv } from 'node:util'
import { CliError } from './errors.ts'

/**
 * Sets variables in the text of an env file; `null` removes one. All other lines stay as they are.
 * @throws CliError when the text is such that another variable would change
 */
export function withVariables (text: string, changes: Record<string, string | null>): string {
  let edited = text
  for (const [name, value] of Object.entries(changes)) edited = withVariable(edited, name, value)
  // Proven, since a line that looks like a variable can be part of another's text.
  if (isDeepStrictEqual({ ...parseEnv(edited) }, expected(text, changes))) return edited
  throw new CliError(`The env file cannot be changed safely: ${Object.keys(changes).join(' or ')} is written in an unusual way. Change it by hand.`)
}

function expected (text: string, changes: Record<string, string | null>): Record<string, string> {
  const entries = { ...parseEnv(text), ...changes }
  return Object.fromEntries(Object.entries(entries).filter((entry): entry is [string, string] => entry[1] !== null && entry[1] !== undefined))
}

function withVariable (text: string, name: string, value: string | null): string {
  const lines = text.split('\n')
  const isOurs = (line: string) => new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`).test(line)
  const at = lines.findIndex(isOurs)
  const others = lines.filter((line) => !isOurs(line))
  if (value === null) return others.join('\n')
  const line = `${name}=${quoted(value)}`
  if (at !== -1) return others.toSpliced(at, 0, line).join('\n')
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`
}

/** As `parseEnv` reads it back. */
function quoted (value: string): string {
  if (/^[\w./:@+=,-]*$/.test(value)) return value
  const mark = ['\'', '"', '`'].find((mark) => !value.includes(mark) && !(mark === '"' && value.includes('\\')))
  if (mark === undefined) throw new CliError('A value holds every kind of quote; it cannot be written to an env file.')
  return mark + value + mark
}
