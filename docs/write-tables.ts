/** Writes what the README repeats from the code into its place: `npm run docs`. A test says when it is due. */
import { readFileSync, writeFileSync } from 'node:fs'
import { compatibilityTable } from '../src/translate/parameters.ts'

const README = new URL('../README.md', import.meta.url)
export const BEGIN = '<!-- written by `npm run docs` -->'
export const END = '<!-- end of what is written -->'

export function withTables (readme: string): string {
  const [before = '', rest = ''] = readme.split(BEGIN)
  return `${before}${BEGIN}\n\n${compatibilityTable()}\n\n${END}${rest.split(END)[1] ?? ''}`
}

if (import.meta.main) writeFileSync(README, withTables(readFileSync(README, 'utf8')))
