import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const VERSION = 'v1'
/** In bytes; what NIST SP 800-38D recommends for GCM. */
const IV_LENGTH = 12

/** Why a sealed secret cannot be opened; holds nothing of it. */
export class SecretBoxError extends Error {
  override readonly name = 'SecretBoxError'
}

export type SecretBox = ReturnType<typeof createSecretBox>

interface BoxKey {
  id: string
  bytes: Buffer
}

/** Where the keys of the box come from. */
export interface BoxSecretSources {
  /** `storage.encryption_key` */
  encryptionKey: string | undefined
  /** `storage.old_encryption_keys`: earlier encryption keys, or JWT secrets that stood for one. */
  oldEncryptionKeys?: readonly string[]
  jwtSecret: string
}

const OWN = 'ccproxy storage'
const FROM_JWT = 'ccproxy storage, from the JWT secret'

/**
 * The key material of the box: the configured encryption key, else one derived from the JWT secret. Different purposes, different keys:
 * who learns one of them has learnt nothing of the other. What was sealed before there was an encryption key still opens after it was set.
 */
export function boxSecrets ({ encryptionKey, oldEncryptionKeys = [], jwtSecret }: BoxSecretSources): { current: Buffer, older: Buffer[] } {
  const fromJwt = derive(jwtSecret, FROM_JWT)
  const older = oldEncryptionKeys.flatMap((key) => [derive(key, OWN), derive(key, FROM_JWT)])
  return encryptionKey === undefined ? { current: fromJwt, older } : { current: derive(encryptionKey, OWN), older: [...older, fromJwt] }
}

/**
 * Seals secrets for the database: AES-256-GCM with a random IV, written `v1.<key id>.<iv>.<tag>.<ciphertext>` in base64url. The identity of the
 * row is authenticated with it, so that a sealed text opens in its own row alone.
 * @param current seals and opens
 * @param older open what was sealed before the key was changed
 */
export function createSecretBox (current: Buffer, older: Buffer[] = []) {
  const sealing = boxKey(current)
  const keys = new Map([...older.map(boxKey), sealing].map((key) => [key.id, key]))

  return {
    /** @param identity where the text will be kept, such as `api_keys:<id>` */
    seal (secret: string, identity: string): string {
      const iv = randomBytes(IV_LENGTH)
      const cipher = createCipheriv(ALGORITHM, sealing.bytes, iv).setAAD(Buffer.from(identity))
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
      return [VERSION, sealing.id, ...[iv, cipher.getAuthTag(), text].map((part) => part.toString('base64url'))].join('.')
    },

    /** Whether a text was sealed with the key that seals now. */
    isCurrent (sealed: string): boolean {
      return sealed.startsWith(`${VERSION}.${sealing.id}.`)
    },

    /** @throws SecretBoxError for a format or a key that is not known, and for a text that was changed or moved */
    open (sealed: string, identity: string): string {
      const [version, id = '', iv = '', tag = '', text = '', ...rest] = sealed.split('.')
      if (version !== VERSION || rest.length > 0) throw new SecretBoxError('it is in a format that this version does not know')
      const key = keys.get(id)
      if (key === undefined) throw new SecretBoxError('it was encrypted with another key')
      try {
        const decipher = createDecipheriv(ALGORITHM, key.bytes, Buffer.from(iv, 'base64url'), { authTagLength: 16 })
          .setAAD(Buffer.from(identity)).setAuthTag(Buffer.from(tag, 'base64url'))
        return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8')
      } catch {
        throw new SecretBoxError('it was changed, or moved from another row')
      }
    }
  }
}

function boxKey (secret: Buffer): BoxKey {
  return { id: createHash('sha256').update('ccproxy key id').update(secret).digest('hex').slice(0, 8), bytes: secret }
}

/** Source: RFC 5869. */
function derive (secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, 32))
}
