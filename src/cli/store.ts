import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Config } from '../config.ts'
import { boxSecrets, createSecretBox, type SecretBox } from '../plugins/secret-box.ts'
import { CliError } from './errors.ts'
import type { Io } from './io.ts'
import { sourcesOf } from './settings.ts'

/** What seals and opens under this configuration, as the gateway has it. */
export function boxOf ({ storage, jwt }: Pick<Config, 'storage' | 'jwt'>): SecretBox {
  const { encryption_key: encryptionKey, old_encryption_keys: oldEncryptionKeys } = storage
  const { current, older } = boxSecrets({ encryptionKey, oldEncryptionKeys, jwtSecret: jwt.secret })
  return createSecretBox(current, older)
}

/** The database file that the configuration of this folder names. */
export function databasePath (io: Io): string {
  const path = sourcesOf(io).values.get('storage.db_path')?.value ?? './data/ccproxy.db'
  return resolve(io.cwd, String(path))
}

/** @throws CliError when there is none */
export function existingDatabase (io: Io): string {
  const path = databasePath(io)
  if (existsSync(path)) return path
  throw new CliError(`There is no database at ${path}: run this in the folder of the gateway, or set CCPROXY_STORAGE_DB_PATH as the gateway has it.`, { code: 'no_database' })
}

/**
 * Opens the database for this process alone, as long as it is open.
 * @throws CliError while another process has it open
 */
export function openAlone (path: string): Sqlite.Database {
  const sqlite = new Sqlite(path, { fileMustExist: true, timeout: 500 })
  try {
    sqlite.pragma('locking_mode = EXCLUSIVE')
    sqlite.exec('BEGIN EXCLUSIVE; COMMIT')
    sqlite.pragma('synchronous = FULL')
    return sqlite
  } catch (error) {
    sqlite.close()
    if (/^SQLITE_BUSY/.test((error as { code?: string }).code ?? '')) {
      throw new CliError(`The gateway is running: ${path} is in use. It holds the present key, and would go on to encrypt with it. Stop it, run this again, and start it.`, { code: 'gateway_running' })
    }
    throw new CliError(`The database ${path} cannot be opened: ${(error as Error).message}.`, { code: 'database' })
  }
}
