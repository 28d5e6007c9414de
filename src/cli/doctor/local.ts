import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import Sqlite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { ConfigError, loadConfig, type Config } from '../../config.ts'
import type { Database } from '../../plugins/database/schema.ts'
import { countOpened } from '../../plugins/encryption.ts'
import type { Io } from '../io.ts'
import { boxOf } from '../store.ts'
import { placeOf } from '../settings.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** Below this, in bytes, a database that grows will soon have no room. */
const LITTLE_ROOM = 100 * 1024 * 1024

/**
 * The configuration as the gateway would read it in this folder; `undefined` where it could not start.
 * @param elsewhere the gateway that is looked at need not be started here
 */
export function checkConfiguration (io: Io, elsewhere: boolean): { findings: Finding[], config: Config | undefined } {
  const findings: Finding[] = []
  let config: Config | undefined
  try {
    const loaded = loadConfig(placeOf(io))
    config = loaded.config
    findings.push(...loaded.warnings.map((warning) => warn('configuration', warning, 'Set a longer one; the command is in the line above.')))
    if (loaded.warnings.length === 0) findings.push(ok('configuration', 'Every setting is known and valid.'))
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    findings.push(...error.problems.map((problem) => (elsewhere ? warn : fail)('configuration', problem, 'Mend it in the environment, .env or config.yaml; a first `ccproxy serve` outside production makes both secrets.')))
  }
  return { findings: [...findings, ...checkEnvFile(io)], config }
}

function checkEnvFile ({ cwd }: Io): Finding[] {
  const path = join(cwd, '.env')
  if (process.platform === 'win32' || !existsSync(path)) return []
  return (statSync(path).mode & 0o077) === 0 ? [] : [warn('configuration', `Others on this machine can read ${path}.`, `chmod 600 ${path}`)]
}

/** The database file: whole, readable with the key that is configured, and with room to grow. */
export async function checkDatabase (io: Io, { storage, jwt }: Config): Promise<Finding[]> {
  const path = resolve(io.cwd, storage.db_path)
  if (!existsSync(path)) return [ok('database', `There is none at ${path} yet; the gateway makes it when it starts.`)]
  const findings: Finding[] = []
  try {
    const sqlite = new Sqlite(path, { readonly: true, timeout: 5_000 })
    const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: sqlite }) })
    try {
      const told = sqlite.pragma('quick_check', { simple: true })
      findings.push(told === 'ok' ? ok('database', `${path} is whole.`) : fail('database', `${path} is damaged.`, 'Stop the gateway and put a backup in its place (ccproxy backup makes them).'))
      const { closed } = await countOpened(db, boxOf({ storage, jwt }))
      if (closed > 0) findings.push(fail('encryption', `${closed} stored secrets cannot be decrypted.`, 'Put the earlier key into CCPROXY_STORAGE_OLD_ENCRYPTION_KEYS and restart, or delete those keys and sessions and add them again.'))
    } finally {
      await db.destroy()
    }
  } catch (error) {
    findings.push(fail('database', `${path} cannot be read: ${(error as Error).message}.`, 'Check the rights of the file and its folder; the gateway must be able to write both.'))
  }
  return [...findings, ...checkRoom(path)]
}

function checkRoom (path: string): Finding[] {
  const { bavail, bsize } = statfsSync(dirname(path))
  const room = bavail * bsize
  return room >= LITTLE_ROOM ? [] : [warn('database', `The disk of ${path} has ${Math.floor(room / 1024 / 1024)} MiB left.`, 'Make room; a full disk stops the gateway from making tokens.')]
}
