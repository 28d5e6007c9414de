import type { Readable, Writable } from 'node:stream'

/** Everything that a command has of its surroundings, so that a test can put its own in place. */
export interface Io {
  stdin: Readable & { isTTY?: boolean, setRawMode?: (raw: boolean) => unknown }
  stdout: Writable & { isTTY?: boolean }
  stderr: Writable & { isTTY?: boolean }
  env: Record<string, string | undefined>
  cwd: string
  /** Epoch milliseconds. */
  now: () => number
}

export function processIo (): Io {
  return { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env, cwd: process.cwd(), now: Date.now }
}

/** Writes a line of the answer: what a script reads. */
export function say (io: Io, text: string): void {
  io.stdout.write(`${text}\n`)
}

/** Writes a line beside the answer: for people, out of a script's way. */
export function note (io: Io, text: string): void {
  io.stderr.write(`${text}\n`)
}

export function sayJson (io: Io, value: unknown): void {
  say(io, JSON.stringify(value, null, 2))
}

const CODES = { bold: 1, red: 31, green: 32, yellow: 33, dim: 2 } as const
export type Colour = keyof typeof CODES

/** Colours for a terminal, and none elsewhere or where NO_COLOR is set. Source: no-color.org. */
export function painter ({ stdout, env }: Pick<Io, 'stdout' | 'env'>): (colour: Colour, text: string) => string {
  const coloured = stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  return (colour, text) => coloured && text !== '' ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text
}
