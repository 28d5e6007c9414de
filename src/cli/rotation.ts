import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Kysely, SqliteDialect } from 'kysely'
import { loadConfig, type Config } from '../config.ts'
import { migrate } from '../plugins/database/migrations.ts'
import type { Database } from '../plugins/database/schema.ts'
import { countOpened, sealAnew } from '../plugins/encryption.ts'
import { boxSecrets, createSecretBox } from '../plugins/secret-box.ts'
import { withVariables } from './env-file.ts'
import { CliError } from './errors.ts'
import { backUp, readIfThere, replaceFile } from './files.ts'
import type { Io } from './io.ts'
import { placeOf } from './settings.ts'
import { boxOf, openAlone } from './store.ts'

const CURRENT = 'CCPROXY_STORAGE_ENCRYPTION_KEY'
const OLD = 'CCPROXY_STORAGE_OLD_ENCRYPTION_KEYS'

export interface Rotated {
  envFile: string
  /** The env file as it was: backups of the database made before need its key. */
  envBackup: string
  /** Secrets that the new key opens. */
  opened: number
  /** Secrets that no key opens. */
  closed: number
}

/** Whether the keys are settings of `.env`, which can be changed here; what else sets them would win over it, or be forgotten beside it. */
export function isInEnvFile ({ env, cwd }: Pick<Io, 'env' | 'cwd'>): boolean {
  if (!existsSync(join(cwd, '.env')) || env[CURRENT]?.trim() || env[OLD]?.trim()) return false
  const { storage } = loadConfig({ env: { ...placeOf({ env, cwd }).env, [CURRENT]: '', [OLD]: '' }, cwd }).config
  return storage.encryption_key === undefined && storage.old_encryption_keys.length === 0
}

/**
 * Changes the encryption key, in steps of which each leaves the gateway able to read everything, wherever the process dies: the old key is
 * listed before anything is encrypted with the new one, and forgotten only when the new one has been proven.
 * @param step told of each step before it is taken
 */
export async function rotateKey (io: Io, newKey: string, step: (name: string) => void = () => {}): Promise<Rotated> {
  const envFile = join(io.cwd, '.env')
  const { config } = loadConfig(placeOf(io))
  const path = resolve(io.cwd, config.storage.db_path)
  // Held from before the first change to after the last: a gateway that is started meanwhile waits, and says why it gives up.
  const sqlite = existsSync(path) ? openAlone(path) : undefined
  try {
    const before = readIfThere(envFile) ?? ''
    step('list the old key')
    const envBackup = backUp(envFile, io.now())
    replaceFile(envFile, withVariables(before, { [CURRENT]: newKey, [OLD]: oldKeysOf(config) }))
    try {
      assertInForce(io, newKey, config)
    } catch (error) {
      replaceFile(envFile, before)
      throw error
    }
    if (sqlite === undefined) return { envFile, envBackup, opened: 0, closed: 0 }
    const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: sqlite }) })
    await migrate(db)
    step('encrypt anew')
    await sealWith(db, io)
    step('prove the new key')
    const counts = await countOpened(db, createSecretBox(boxSecrets({ encryptionKey: newKey, jwtSecret: config.jwt.secret }).current))
    step('forget the old key')
    if (counts.closed === 0) replaceFile(envFile, withVariables(readIfThere(envFile)!, { [OLD]: null }))
    sqlite.pragma('wal_checkpoint(TRUNCATE)')
    return { envFile, envBackup, ...counts }
  } finally {
    sqlite?.close()
  }
}

/** Without an encryption key the JWT secret stood for it, and goes on to open what it has sealed. */
function oldKeysOf ({ storage }: Config): string | null {
  const keys = [...storage.encryption_key === undefined ? [] : [storage.encryption_key], ...storage.old_encryption_keys]
  if (keys.some((key) => key.includes(','))) {
    throw new CliError('The present key holds a comma, which a list of old keys in .env cannot: move the keys to config.yaml, where they can be a list, and change them there by hand.')
  }
  return keys.length === 0 ? null : keys.join(',')
}

/** Read as the gateway will read it, before anything is encrypted with a key that it might not find. */
function assertInForce (io: Io, newKey: string, { storage: before, jwt }: Config): void {
  const { storage: after, jwt: { secret } } = loadConfig(placeOf(io)).config
  const listed = [before.encryption_key, ...before.old_encryption_keys].every((key) => key === undefined || after.old_encryption_keys.includes(key))
  if (after.encryption_key === newKey && secret === jwt.secret && listed) return
  throw new CliError('The new key is not in force after it was written to .env; it was put back as it was. Is .env written in an unusual way?')
}

/** As the gateway does at its start. */
async function sealWith (db: Kysely<Database>, io: Io): Promise<void> {
  await sealAnew(db, boxOf(loadConfig(placeOf(io)).config))
}
