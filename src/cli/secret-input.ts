import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { CliError, usageError } from './errors.ts'
import { note, type Io } from './io.ts'

/** The longest secret that is read, in characters; the longest of them is a cookie of a few hundred. */
const LONGEST = 100_000

export interface SecretWish {
  /** What is asked for, such as `API key`. */
  what: string
  /** A file to read it from; `-` is standard input. */
  file?: string
  /** The option that names the file. */
  option?: string
}

/**
 * Reads a secret from a file, from standard input, or from a prompt that does not show it. Never from an argument.
 * @throws CliError when there is none, or nobody to ask
 */
export async function readSecret (io: Io, { what, file, option = '--file' }: SecretWish): Promise<string> {
  const secret = (file === undefined ? await prompt(io, what, option) : file === '-' ? await text(io.stdin) : readSecretFile(io, file, what)).trim()
  if (secret === '') throw usageError(`The ${what} is empty.`)
  if (secret.length > LONGEST) throw usageError(`This is no ${what}: it is ${secret.length} characters long.`)
  if (/[\r\n]/.test(secret)) throw usageError(`The ${what} must be one line.`)
  return secret
}

function readSecretFile (io: Io, file: string, what: string): string {
  const path = resolve(io.cwd, file)
  try {
    const { mode } = statSync(path)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0 && (mode & 0o170000) === 0o100000) {
      note(io, `Warning: others on this machine can read ${path}; close it with: chmod 600 ${file}`)
    }
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new CliError(`The ${what} cannot be read from ${path} (${(error as NodeJS.ErrnoException).code}); check the path and its permissions.`)
  }
}

async function prompt (io: Io, what: string, option: string): Promise<string> {
  if (io.stdin.isTTY !== true || io.stdin.setRawMode === undefined) {
    throw usageError(`The ${what} is needed, and there is no terminal to ask for it: give it with ${option} <path>, or with ${option} - from standard input.`)
  }
  // Hidden before it is asked for: who is quick must not see it either.
  io.stdin.setRawMode(true)
  try {
    io.stderr.write(`${what} (not shown): `)
    return await hiddenLine(io.stdin)
  } finally {
    io.stdin.setRawMode(false)
    io.stdin.pause()
    io.stderr.write('\n')
  }
}

/** One line, read key by key. A pasted text comes in one piece, perhaps with the marks of a bracketed paste around it. */
async function hiddenLine (stdin: Io['stdin']): Promise<string> {
  let line = ''
  stdin.setEncoding('utf8')
  return new Promise((resolve, reject) => {
    const end = (action: () => void) => {
      stdin.off('data', onData).off('end', onEnd)
      action()
    }
    const onEnd = () => end(() => resolve(line))
    const onData = (chunk: string) => {
      for (const char of chunk.replaceAll('\u001b[200~', '').replaceAll('\u001b[201~', '')) {
        if (char === '\r' || char === '\n' || char === '\u0004') return end(() => resolve(line))
        if (char === '\u0003') return end(() => reject(new CliError('Cancelled.', { code: 'cancelled', exitCode: 130 })))
        line = char === '\u007f' || char === '\b' ? line.slice(0, -1) : char === '\u0015' ? '' : line + char
      }
    }
    stdin.on('data', onData).on('end', onEnd).resume()
  })
}
