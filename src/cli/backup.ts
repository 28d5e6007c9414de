import { chmodSync, closeSync, fsyncSync, openSync, rmSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Command } from 'commander'
import { CliError } from './errors.ts'
import { note, say, sayJson, type Io } from './io.ts'
import { command } from './options.ts'
import { existingDatabase } from './store.ts'

/** `ccproxy backup` */
export function backupCommand (io: Io): Command {
  return command('backup', 'copy the database while the gateway runs, and check the copy', ['ccproxy backup /backups/ccproxy-monday.db', 'ccproxy backup "ccproxy-$(date +%F).db"'])
    .argument('<file>', 'where to; it must not exist')
    .option('--json', 'write JSON, for scripts')
    .action(async (file: string, { json }: { json?: boolean }) => {
      const target = resolve(io.cwd, file)
      const source = existingDatabase(io)
      makeEmpty(target)
      try {
        copy(source, target)
        check(target)
      } catch (error) {
        rmSync(target, { force: true })
        throw new CliError(`The backup failed, and nothing was kept: ${(error as Error).message}`, { code: 'backup_failed' })
      }
      const { size } = statSync(target)
      if (json === true) return sayJson(io, { file: target, bytes: size, integrity: 'ok' })
      say(io, `${target}: ${size} bytes, checked.`)
      note(io, 'Keys and cookies in it are encrypted: keep the encryption key too (CCPROXY_STORAGE_ENCRYPTION_KEY, or CCPROXY_JWT_SECRET where that is not set), in another place.')
    })
}

/** Nobody else may read it, not even for a moment; and nothing is overwritten. */
function makeEmpty (target: string): void {
  try {
    closeSync(openSync(target, 'wx', 0o600))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const mend = code === 'EEXIST' ? 'it exists, and a backup never overwrites; give another name' : code === 'ENOENT' ? 'its folder does not exist' : `it cannot be written (${code})`
    throw new CliError(`${target}: ${mend}.`, { code: code === 'EEXIST' ? 'file_exists' : 'backup_failed' })
  }
}

/** One consistent state, also of what still is in the `-wal` file. Source: SQLite docs, "VACUUM INTO". */
function copy (source: string, target: string): void {
  const sqlite = new Sqlite(source, { readonly: true, timeout: 5_000 })
  try {
    sqlite.prepare('VACUUM INTO ?').run(target)
  } finally {
    sqlite.close()
  }
  chmodSync(target, 0o600)
}

function check (target: string): void {
  const sqlite = new Sqlite(target, { readonly: true })
  try {
    const told = sqlite.pragma('integrity_check', { simple: true })
    if (told !== 'ok') throw new Error(`the copy is not whole: ${String(told)}`)
  } finally {
    sqlite.close()
  }
  const file = openSync(target, 'r')
  fsyncSync(file)
  closeSync(file)
}
