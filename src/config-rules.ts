import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { isIP } from 'node:net'
import { DURATION_EXAMPLES, parseDuration } from './duration.ts'

const MIN_SECRET_BYTES = 32
/** The admin key is guessed online only, and guesses are limited. */
const MIN_ADMIN_KEY_BYTES = 16

/** A rule of one setting: what is wrong with the text, or `undefined`. */
type Rule = (text: string, schema: TSchema) => string | undefined

const RULES: Record<string, Rule> = {
  duration: durationRule,
  upstream_url: (text) => urlRule(text) ?? insecureRule(text),
  public_url: urlRule,
  cidr: (text) => isCidr(text) ? undefined : 'must be an IP address or a CIDR, such as 10.0.0.0/8 or fd00::/8',
  visible: (text) => /^[\x21-\x7e]+$/.test(text) ? undefined : 'must hold only visible ASCII characters: no spaces, line breaks or control characters'
}

/** Brings a setting as it was written (text, or what YAML made of it) nearer to the type its schema asks for; what cannot be brought stays. */
export function coerce (schema: TSchema, written: unknown): unknown {
  if (schema['type'] === 'array') {
    const entries = typeof written === 'string' ? written.split(',').map((entry) => entry.trim()).filter((entry) => entry !== '') : written
    return Array.isArray(entries) ? entries.map((entry) => coerce(schema['items'], entry)) : entries
  }
  if (typeof written !== 'string') return written
  const text = written.trim()
  if (isMap(schema)) return pairsIn(text) ?? text
  if (schema['type'] === 'object') return { key: text }
  if (schema['type'] === 'boolean') return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : text
  const isNumeric = schema['type'] === 'integer' || schema['type'] === 'number'
  return isNumeric && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

/** Names that are the user's own, each with a text. */
function isMap (schema: TSchema): boolean {
  return schema['patternProperties'] !== undefined
}

/** @returns `undefined` for text that is no list of `name=value` */
function pairsIn (text: string): Record<string, string> | undefined {
  const pairs = text.split(',').map((pair) => pair.split('=').map((part) => part.trim()))
  return pairs.every((pair) => pair.length === 2) ? Object.fromEntries(pairs) as Record<string, string> : undefined
}

/** Everything that is wrong with a setting, each as the end of a sentence. Shows the value unless it is a secret, or may hold one. */
export function complaints (schema: TSchema, value: unknown, secret = schema['secret'] === true): string[] {
  if (schema['type'] === 'array' && Array.isArray(value)) {
    return value.flatMap((entry, index) => complaints(schema['items'], entry, secret).map((complaint) => `entry ${index + 1}: ${complaint}`))
  }
  if (isMap(schema)) return mapComplaints(value, secret)
  if (schema['type'] === 'object' && typeof value === 'object' && value !== null && !Array.isArray(value)) return fieldComplaints(schema, value, secret)
  const complaint = RULES[schema['rule']]?.(String(value), schema) ?? (Value.Check(schema, value) ? undefined : `must be ${expected(schema)}`)
  return complaint === undefined ? [] : [complaint + shown(value, secret)]
}

function fieldComplaints ({ properties, required = [] }: TSchema, entry: object, secret: boolean): string[] {
  const fields = new Map(Object.entries<TSchema>(properties))
  const missing = (required as string[]).filter((name) => !Object.hasOwn(entry, name)).map((name) => `"${name}" is required`)
  const wrong = Object.entries(entry).flatMap(([name, value]) => {
    const field = fields.get(name)
    if (field === undefined) return [`must have no other names than ${[...fields.keys()].join(', ')}`]
    return complaints(field, value, secret).map((complaint) => `"${name}" ${complaint}`)
  })
  return [...missing, ...wrong]
}

function mapComplaints (value: unknown, secret: boolean): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`must be pairs such as gpt-5=claude-sonnet-5-5, comma separated, or a map${shown(value, secret)}`]
  return Object.entries(value).filter(([name, text]) => name === '' || typeof text !== 'string' || text === '')
    .map(([name, text]) => `${JSON.stringify(name)} must be a name with a text that is not empty${shown(text, secret)}`)
}

function expected (schema: TSchema): string {
  if (schema['anyOf'] !== undefined) return `one of ${(schema['anyOf'] as TSchema[]).map((choice) => choice['const']).join(', ')}`
  switch (schema['type']) {
    case 'array': return 'a list, or text with commas'
    case 'object': return `text, or an entry with ${Object.keys(schema['properties']).join(', ')}`
    case 'integer': return `a whole number ${schema['maximum'] === undefined ? `of at least ${schema['minimum']}` : `from ${schema['minimum']} to ${schema['maximum']}`}`
    case 'boolean': return 'true or false'
    case 'number': return `a number above ${schema['exclusiveMinimum']}`
    default: return 'text that is not empty (a number needs quotes to be text)'
  }
}

/** Values that are no secret themselves can hold one by mistake: credentials in a URL, a key on the wrong line. */
function shown (value: unknown, secret: boolean): string {
  const text = JSON.stringify(value) ?? ''
  return secret || text.length > 40 || /@|sk-|ccp-/.test(text) ? '' : `; it is ${text}`
}

function durationRule (text: string, { min, max }: TSchema): string | undefined {
  const length = parseDuration(text)
  if (length === undefined) return `must be a duration such as ${DURATION_EXAMPLES}`
  return length < parseDuration(min)! || length > parseDuration(max)! ? `must be a duration from ${min} to ${max}` : undefined
}

function urlRule (text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) return 'must be a URL such as https://api.anthropic.com'
  if (url.username !== '' || url.password !== '') return 'must not hold credentials; remove what stands before the @'
  if (/[?#]/.test(text)) return 'must not hold a query or a fragment; end it after the path'
  return undefined
}

function insecureRule (text: string): string | undefined {
  const { protocol, hostname } = new URL(text)
  if (protocol === 'https:' || isLoopback(hostname)) return undefined
  return 'must begin with https://; plain http is allowed for loopback hosts only, such as http://127.0.0.1:9000'
}

function isLoopback (host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** The same URL without a slash at its end, so that a path can be appended. */
export function normaliseUrl (text: string): string {
  const { origin, pathname } = new URL(text)
  return origin + pathname.replace(/\/+$/, '')
}

/** A prefix of 0 would trust everyone, and Fastify's address matcher refuses it. */
function isCidr (text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128))
}

/** How a missing or weak secret is mended: a command that makes one, fit to be pasted. */
export function howToMake (env: string): string {
  const prefix = env === 'CCPROXY_ADMIN_KEY' ? 'ccp-admin-' : ''
  return `make one with: (umask 077; node -p "'${env}=${prefix}' + crypto.randomBytes(32).toString('base64url')" >> .env)`
}

/**
 * Checks of the secrets beside their type: weak ones (refused in production, warned about elsewhere) and API keys given twice.
 * `raw` holds the settings by section and name; their types may be wrong.
 */
export function secretFindings (raw: Record<string, Record<string, unknown>>, production: boolean): { problems: string[], warnings: string[] } {
  const problems = duplicates(raw['claude']?.['api_keys'])
  const weak = [
    { env: 'CCPROXY_JWT_SECRET', file: 'jwt.secret', value: raw['jwt']?.['secret'], least: MIN_SECRET_BYTES },
    { env: 'CCPROXY_ADMIN_KEY', file: 'admin.key', value: raw['admin']?.['key'], least: MIN_ADMIN_KEY_BYTES },
    { env: 'CCPROXY_STORAGE_ENCRYPTION_KEY', file: 'storage.encryption_key', value: raw['storage']?.['encryption_key'], least: MIN_SECRET_BYTES }
  ].filter(({ value, least }) => typeof value === 'string' && Buffer.byteLength(value) < least)
    .map(({ env, file, least }) => `${env} (${file}): is shorter than ${least} bytes${production ? '' : ', which production refuses'}; ${howToMake(env)}`)
  return production ? { problems: [...problems, ...weak], warnings: [] } : { problems, warnings: weak }
}

function duplicates (apiKeys: unknown): string[] {
  const entriesOf = new Map<string, number[]>()
  for (const [index, entry] of (Array.isArray(apiKeys) ? apiKeys : []).entries()) {
    if (typeof entry?.key === 'string') entriesOf.set(entry.key, [...entriesOf.get(entry.key) ?? [], index + 1])
  }
  return [...entriesOf].filter(([, entries]) => entries.length > 1).map(([key, entries]) =>
    `CCPROXY_CLAUDE_API_KEYS (claude.api_keys): entries ${entries.join(' and ')} are the same key (it ends in ${key.slice(-4)}); keep one.`)
}
