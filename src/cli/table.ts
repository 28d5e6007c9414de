import { stripVTControlCharacters } from 'node:util'

/** Rows below their titles, each column as wide as its widest cell. */
export function table (titles: string[], rows: string[][]): string {
  const lines = [titles, ...rows].map((row) => row.map(printable))
  const widths = titles.map((_, column) => Math.max(...lines.map((row) => widthOf(row[column] ?? ''))))
  return lines.map((row) => row.map((cell, column) => cell + ' '.repeat(widths[column]! - widthOf(cell))).join('  ').trimEnd()).join('\n')
}

/** Facts, one a line, their values below each other. */
export function facts (pairs: Array<[string, string | null | undefined]>): string {
  const told = pairs.filter((pair): pair is [string, string] => pair[1] !== null && pair[1] !== undefined && pair[1] !== '')
  const width = Math.max(...told.map(([name]) => name.length))
  return told.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}`).join('\n')
}

/** What others wrote must not move the cursor, nor begin a line: only colours of our own may pass. */
export function printable (text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b(?!\[\d{1,2}m)|[\u0000-\u001a\u001c-\u001f\u007f-\u009f\u2028\u2029]/g, '\ufffd')
}

/** Columns that a text takes. Wide characters count twice, near enough for a table. */
function widthOf (text: string): number {
  let width = 0
  for (const char of stripVTControlCharacters(text)) width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(char) ? 2 : 1
  return width
}
