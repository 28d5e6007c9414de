import { chmodSync, closeSync, constants, copyFileSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { CliError } from './errors.ts'

/** @returns the text, or `undefined` where there is no such file */
export function readIfThere (path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new CliError(`${path} cannot be read (${code}); check its permissions.`)
  }
}

/**
 * Copies a file beside itself, readable by its owner only.
 * @param now epoch milliseconds
 * @returns the copy's path
 */
export function backUp (path: string, now: number): string {
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')
  for (let count = 1; ; count++) {
    const copy = `${path}.backup-${stamp}${count === 1 ? '' : `-${count}`}`
    if (existsSync(copy)) continue
    copyFileSync(path, copy, constants.COPYFILE_EXCL)
    chmodSync(copy, 0o600)
    return copy
  }
}

/**
 * Replaces a file in one step: whoever reads meanwhile, or after a crash, sees the old text or the new one. A link stays a link. The text may
 * hold a secret, so that others lose what they could read.
 */
export function replaceFile (path: string, text: string): void {
  const target = existsSync(path) ? realpathSync(path) : path
  const mode = existsSync(target) ? statSync(target).mode & 0o700 : 0o600
  const draft = `${target}.${process.pid}.draft`
  try {
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
    const file = openSync(draft, 'wx', mode)
    try {
      writeFileSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(draft, target)
  } catch (error) {
    rmSync(draft, { force: true })
    throw new CliError(`${path} cannot be written (${(error as NodeJS.ErrnoException).code}); check the permissions of the file and its folder.`)
  }
}
