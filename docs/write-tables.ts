/** Writes what documents repeat from the code into its place: `npm run docs`. Tests say when it is due. */
import { readFileSync, writeFileSync } from 'node:fs'
import { compatibilityTable } from '../src/translate/parameters.ts'
import { webTable } from '../src/translate/web/web-table.ts'
import { FAULTS } from '../src/upstreams/fault-table.ts'
import { WEB_FAULTS } from '../src/upstreams/web-fault-table.ts'
import { configTable, envExample, yamlExample } from './config-texts.ts'

/** What is written between the marks of a document, by the name in its mark. */
const PARTS: Record<string, Record<string, () => string>> = {
  'README.md': { configuration: configTable, compatibility: compatibilityTable },
  'docs/faults.md': { faults: faultTable },
  'docs/web-mode.md': { parameters: webTable, faults: webFaultTable }
}

/** Files that are written whole. */
const WHOLE: Record<string, () => string> = { '.env.example': envExample, 'config.example.yaml': yamlExample }

/** Every file that is written, wholly or in part. */
export const WRITTEN: readonly string[] = [...Object.keys(PARTS), ...Object.keys(WHOLE)]

const END = '<!-- end of what is written -->'

/** The text as it has to be. @throws when a part has no place in it */
export function withTables (file: string, text: string): string {
  if (WHOLE[file] !== undefined) return WHOLE[file]()
  return Object.entries(PARTS[file] ?? {}).reduce((written, [name, part]) => withPart(written, name, part()), text)
}

function withPart (text: string, name: string, part: string): string {
  const mark = `<!-- written by \`npm run docs\`: ${name} -->`
  const from = text.indexOf(mark)
  const to = text.indexOf(END, from)
  if (from === -1 || to === -1) throw new Error(`there is no place for ${name}: ${mark} … ${END}`)
  return `${text.slice(0, from)}${mark}\n\n${part}\n\n${text.slice(to)}`
}

function faultTable (): string {
  const rows = FAULTS.map(({ name, meaning, kind, scope, pause }) => `| \`${name}\` | ${meaning} | ${kind} | ${scope} | ${pause} |`)
  return ['| row | what it means | at fault | rests | how long |', '|---|---|---|---|---|', ...rows].join('\n')
}

function webFaultTable (): string {
  const rows = WEB_FAULTS.map(({ name, meaning, kind }) => `| \`${name}\` | ${meaning} | ${kind} |`)
  return ['| row | what it means | kind |', '|---|---|---|', ...rows].join('\n')
}

export function pathOf (file: string): URL {
  return new URL(`../${file}`, import.meta.url)
}

if (import.meta.main) {
  for (const file of WRITTEN) writeFileSync(pathOf(file), withTables(file, readFileSync(pathOf(file), 'utf8')))
}
