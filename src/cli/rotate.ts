import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { note, say, sayJson, type Io } from './io.ts'
import { command } from './options.ts'
import { isInEnvFile, rotateKey, type Rotated } from './rotation.ts'

/** `ccproxy rotate-encryption-key` */
export function rotateCommand (io: Io): Command {
  return command('rotate-encryption-key', 'encrypt the stored keys and cookies with a new key; the gateway must be stopped', [
    'ccproxy rotate-encryption-key', 'ccproxy backup before.db && ccproxy rotate-encryption-key'
  ])
    .option('--json', 'write JSON, for scripts')
    .action(async ({ json }: { json?: boolean }) => {
      const key = randomBytes(32).toString('base64url')
      if (!isInEnvFile(io)) return explain(io, key, json === true)
      const rotated = await rotateKey(io, key)
      if (json !== true) return tell(io, rotated)
      sayJson(io, { rotated: true, env_file: rotated.envFile, env_backup: rotated.envBackup, opened: rotated.opened, unreadable: rotated.closed })
    })
}

function tell (io: Io, { envFile, envBackup, opened, closed }: Rotated): void {
  say(io, `Done: ${opened} secrets are encrypted with a new key, which is in ${envFile}. Start the gateway.`)
  note(io, `Backups of the database made before need the old key, which is in ${envBackup}; delete that file when they are gone.`)
  if (closed > 0) note(io, `${closed} secrets could be read with no key, as before; the old keys stay listed. ccproxy keys list and ccproxy session list show which; add them again.`)
}

/** Where the key is set elsewhere, the gateway itself encrypts anew when it is started with both keys. Nothing is changed here. */
function explain (io: Io, key: string, json: boolean): void {
  if (json) return sayJson(io, { rotated: false, set: { CCPROXY_STORAGE_ENCRYPTION_KEY: key }, move_present_key_to: 'CCPROXY_STORAGE_OLD_ENCRYPTION_KEYS' })
  note(io, 'The key is not set in the .env of this folder, so nothing was changed. Where it is set (environment, config.yaml or a secret store):')
  note(io, '1. Move the present CCPROXY_STORAGE_ENCRYPTION_KEY (storage.encryption_key), if there is one, to CCPROXY_STORAGE_OLD_ENCRYPTION_KEYS (storage.old_encryption_keys).')
  note(io, '2. Set the new one:\n')
  say(io, `CCPROXY_STORAGE_ENCRYPTION_KEY=${key}`)
  note(io, '\n3. Restart the gateway: it encrypts everything anew, and its log says so. Then empty CCPROXY_STORAGE_OLD_ENCRYPTION_KEYS.')
}
