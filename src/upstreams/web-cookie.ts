import type { IncomingHttpHeaders } from 'node:http'

/** A session key that an answer of claude.ai set anew. */
export interface RenewedCookie {
  value: string
  /** Epoch milliseconds; null when the cookie does not say. */
  expiresAt: number | null
}

const NAME = 'sessionKey'
/** `sid01` and `sid02` have been seen; those to come should not be refused. Source: public clients, whose patterns want 86 to 120 characters. */
const KEY = /^sk-ant-sid\d{2}-[A-Za-z0-9_-]{20,400}$/
/** More than any browser sends in one header. */
const LONGEST_PASTE = 16_384
const QUOTES = ['"', '\'', '`']

/**
 * Reads a session key out of what an owner pasted: the key itself, `sessionKey=…;`, or a whole `Cookie:` line.
 * @returns null for anything else, such as a line with two of them
 */
export function parseSessionKey (pasted: string): string | null {
  if (pasted.length > LONGEST_PASTE) return null
  const text = unquoted(pasted.trim()).replace(/^cookie:/i, '')
  const pairs = text.split(';').map((pair) => pair.trim()).filter((pair) => pair !== '')
  if (pairs.length === 1 && KEY.test(unquoted(pairs[0]!))) return unquoted(pairs[0]!)
  const keys = pairs.map(pairOf).filter(({ name }) => name === NAME)
  const value = keys.length === 1 ? keys[0]!.value : ''
  // A control character between two other cookies says that this is not one line of a browser.
  return KEY.test(value) && !/\p{Cc}/u.test(text.trim()) ? value : null
}

/**
 * The session key that a good answer renews. Nothing else in an answer ends or changes a session: a cookie that is cleared has been seen
 * beside an answer that was fine, and whoever believed it lost the key.
 * @param now epoch milliseconds, from which `Max-Age` counts
 * @returns null when there is none, or none that can be trusted
 */
export function renewedCookie (headers: IncomingHttpHeaders, status: number, now = Date.now()): RenewedCookie | null {
  if (status < 200 || status > 299) return null
  const lines: string[] = [headers['set-cookie'] ?? []].flat()
  // A browser keeps the last one too.
  return lines.map((line) => cookieOf(line, now)).findLast((cookie) => cookie !== null) ?? null
}

function cookieOf (line: string, now: number): RenewedCookie | null {
  const [pair = '', ...attributes] = line.split(';')
  const { name, value } = pairOf(pair)
  if (name !== NAME || !KEY.test(value)) return null
  const expiresAt = expiryOf(attributes.map(pairOf), now)
  return expiresAt !== null && expiresAt <= now ? null : { value, expiresAt }
}

/** `Max-Age` wins over `Expires`; of several the last counts. Source: RFC 6265, 5.3. */
function expiryOf (attributes: Array<{ name: string, value: string }>, now: number): number | null {
  const last = (wanted: string, good: RegExp) => attributes.findLast(({ name, value }) => name.toLowerCase() === wanted && good.test(value))?.value
  const age = last('max-age', /^-?\d{1,12}$/)
  if (age !== undefined) return now + Number(age) * 1_000
  const time = Date.parse(last('expires', /\d/) ?? '')
  return Number.isNaN(time) ? null : time
}

function pairOf (text: string): { name: string, value: string } {
  const at = text.indexOf('=')
  return at === -1 ? { name: text.trim(), value: '' } : { name: text.slice(0, at).trim(), value: unquoted(text.slice(at + 1).trim()) }
}

function unquoted (text: string): string {
  const quote = QUOTES.find((mark) => text.length >= 2 && text.startsWith(mark) && text.endsWith(mark))
  return quote === undefined ? text : text.slice(1, -1).trim()
}
