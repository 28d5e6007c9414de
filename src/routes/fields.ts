import { Type } from '@sinclair/typebox'
import { DURATION_EXAMPLES, parseDuration } from '../duration.ts'
import { GatewayError } from '../errors.ts'

/** Fields that several admin routes take. */

/** Names and labels end up in lists and logs: no line breaks, no control characters, no broken ones, and not blanks alone. */
export const LABEL_PATTERN = '^(?=[^]*[^\\s])[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]*$'

/** @param what it is, for the mend */
export function Label (what: string) {
  return Type.String({ minLength: 1, maxLength: 100, pattern: LABEL_PATTERN, description: `Send ${what} of 1 to 100 printable characters` })
}

export const DURATION_MEND = `Give a duration such as ${DURATION_EXAMPLES}`

/** The longest life of a token or a session, in milliseconds: ten years. */
const LONGEST_LIFE = 3_650 * 86_400_000

/**
 * Reads the field `expires_in`.
 * @returns milliseconds
 * @throws GatewayError 400
 */
export function lifeOf (expiresIn: string): number {
  const life = parseDuration(expiresIn)
  if (life === undefined) throw invalidLife(`must be a duration such as ${DURATION_EXAMPLES}.`)
  if (life === 0) throw invalidLife(`must be longer than zero, such as ${DURATION_EXAMPLES}.`)
  if (life > LONGEST_LIFE) throw invalidLife(`must not be longer than ten years ("3650d"); try ${DURATION_EXAMPLES}.`)
  return life
}

function invalidLife (complaint: string): GatewayError {
  return new GatewayError('invalid_request_error', `expires_in: ${complaint}`, { code: 'invalid_field', param: 'expires_in' })
}
