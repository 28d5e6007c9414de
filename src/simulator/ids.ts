import { randomBytes } from 'node:crypto'

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

export type Ids = ReturnType<typeof createIds>

/**
 * Ids that look like the API's own.
 * @param random gives as many random bytes as it is asked for
 */
export function createIds (random: (size: number) => Uint8Array = randomBytes) {
  const base58 = (size: number) => Array.from(random(size), (byte) => BASE58[byte % BASE58.length]).join('')
  return {
    request: () => `req_011C${base58(20)}`,
    message: () => `msg_01${base58(22)}`,
    file: () => `file_011C${base58(20)}`,
    batch: () => `msgbatch_01${base58(22)}`,
    skill: () => `skill_01${base58(22)}`,
    version: () => `skillver_01${base58(22)}`,
    toolUse: () => `toolu_01${base58(22)}`,
    ray: () => `${Buffer.from(random(8)).toString('hex')}-SIM`
  }
}
