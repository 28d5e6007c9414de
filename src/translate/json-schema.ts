import { asArray, asObject, isObject, type Fields } from './fields.ts'

/** Formats of strings that structured outputs know. Source: `transformJSONSchema` of `@anthropic-ai/sdk` 1.12. */
const FORMATS = new Set<unknown>(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'])

/** Keywords that constrain nothing: they are dropped without a word to the model. */
const SILENT = new Set(['$schema', '$id', '$comment', 'additionalProperties', 'strict', 'name'])

/**
 * A JSON Schema as structured outputs accept it. Keywords they do not know are told to the model in the description instead.
 * Follows `transformJSONSchema` of `@anthropic-ai/sdk` 1.12, and where that throws (no `type`), goes on with what is there.
 * @param path of the schema, for the 400 about one that is no schema
 */
export function toStructuredSchema (schema: unknown, path: string): Fields {
  const source = asObject(schema, path)
  const definitions = { ...named(source, '$defs', path), ...named(source, 'definitions', path) }
  if (typeof source['$ref'] === 'string') return { ...definitions, $ref: source['$ref'] }
  const kept: Fields = { ...definitions, ...named(source, 'properties', path), ...plain(source), ...variants(source, path) }
  if (isObject(source['items'])) kept['items'] = toStructuredSchema(source['items'], `${path}.items`)
  const description = describe(source, kept)
  if (includesType(source, 'object')) {
    kept['properties'] ??= {}
    kept['additionalProperties'] = false
  }
  return description === undefined ? kept : { ...kept, description }
}

/**
 * Whether a schema allows objects with keys that it does not name, a record for example. Structured outputs take closed objects only, and of a
 * record nothing would be left.
 */
export function hasOpenObjects (schema: unknown): boolean {
  if (!isObject(schema)) return false
  const { additionalProperties: more, items } = schema
  if (more === true || isObject(more) || (more === undefined && isBareObject(schema))) return true
  const inner = ['properties', '$defs', 'definitions', 'anyOf', 'oneOf', 'allOf'].flatMap((keyword) => Object.values(schema[keyword] ?? {}))
  return [items, ...inner].some(hasOpenObjects)
}

/** An object of which nothing is said. */
function isBareObject (schema: Fields): boolean {
  return includesType(schema, 'object') && ['properties', 'anyOf', 'oneOf', 'allOf', '$ref', 'enum', 'const'].every((keyword) => schema[keyword] === undefined)
}

/** A keyword whose value has schemas by name. */
function named (source: Fields, keyword: string, path: string): Fields {
  const schemas = source[keyword]
  if (!isObject(schemas)) return {}
  const entries = Object.entries(schemas).map(([name, schema]) => [name, toStructuredSchema(schema, `${path}.${keyword}.${name}`)])
  return { [keyword]: Object.fromEntries(entries) }
}

/** Keywords without schemas in them, as far as their values are known. */
function plain (source: Fields): Fields {
  const names = ['type', 'title', 'required', ...literals(source)].filter((name) => source[name] !== undefined)
  if (FORMATS.has(source['format'])) names.push('format')
  if (source['minItems'] === 0 || source['minItems'] === 1) names.push('minItems')
  return Object.fromEntries(names.map((name) => [name, source[name]]))
}

/** `oneOf` is not known, and `anyOf` comes nearest. */
function variants (source: Fields, path: string): Fields {
  const keyword = ['anyOf', 'oneOf', 'allOf'].find((name) => Array.isArray(source[name]))
  if (keyword === undefined) return {}
  const list = asArray(source[keyword], path).map((variant, index) => toStructuredSchema(variant, `${path}.${keyword}.${index}`))
  return { [keyword === 'allOf' ? 'allOf' : 'anyOf']: list }
}

/** Only plain values can be enumerated; a list with an object in it goes to the description. */
function literals (source: Fields): string[] {
  const names = []
  if (Array.isArray(source['enum']) && source['enum'].length > 0 && source['enum'].every(isPlain)) names.push('enum')
  if (isPlain(source['const'])) names.push('const')
  return names
}

function isPlain (value: unknown): boolean {
  return value === null || typeof value !== 'object'
}

function includesType (source: Fields, type: string): boolean {
  const declared = source['type']
  return declared === type || (Array.isArray(declared) && declared.includes(type))
}

/** The description, and after it the keywords that are not among those kept. */
function describe (source: Fields, kept: Fields): string | undefined {
  const own = typeof source['description'] === 'string' ? source['description'] : ''
  const told = new Set([...SILENT, ...Object.keys(kept), 'description', Array.isArray(source['oneOf']) && !Array.isArray(source['anyOf']) ? 'oneOf' : ''])
  const rest = Object.entries(source).filter(([keyword]) => !told.has(keyword))
  if (rest.length === 0) return own === '' ? undefined : own
  const dropped = `{${rest.map(([keyword, value]) => `${keyword}: ${JSON.stringify(value)}`).join(', ')}}`
  return own === '' ? dropped : `${own}\n\n${dropped}`
}
