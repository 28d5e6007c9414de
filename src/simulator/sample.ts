import type { JsonSchema } from './types.ts'

/** A schema may refer to itself; below this depth only what ends the descent is made up. */
const DEEPEST = 8

/**
 * Makes up a small value that fits a JSON schema: what a model would put into a tool's input, or answer when a format is asked for.
 * @param all whether optional properties are filled in too
 */
export function sampleOf (schema: JsonSchema | undefined, all = false): unknown {
  return new Sampler(typeof schema === 'object' ? schema : {}, all).value(schema, 'value', 0)
}

class Sampler {
  readonly #root: Record<string, unknown>
  readonly #all: boolean

  constructor (root: Record<string, unknown>, all: boolean) {
    this.#root = root
    this.#all = all
  }

  /** @param name what the value is called, for strings to say */
  value (schema: JsonSchema | undefined, name: string, depth: number): unknown {
    if (typeof schema !== 'object' || depth > DEEPEST) return null
    if (typeof schema['$ref'] === 'string') return this.value(this.#resolve(schema['$ref']), name, depth + 1)
    for (const known of ['const', 'default'] as const) {
      if (schema[known] !== undefined) return schema[known]
    }
    for (const listed of ['enum', 'examples'] as const) {
      if (Array.isArray(schema[listed]) && schema[listed].length > 0) return schema[listed][0]
    }
    const choice = (schema['anyOf'] ?? schema['oneOf'] ?? schema['allOf']) as JsonSchema[] | undefined
    if (choice !== undefined && schema['properties'] === undefined) return this.value(choice[0], name, depth + 1)
    return this.#byType(schema, name, depth)
  }

  #byType (schema: Record<string, unknown>, name: string, depth: number): unknown {
    const type = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'] ?? (schema['properties'] === undefined ? 'null' : 'object')
    switch (type) {
      case 'object': return this.#object(schema, depth)
      case 'array': return this.#array(schema, name, depth)
      case 'string': return stringOf(schema, name)
      case 'integer':
      case 'number': return schema['minimum'] ?? 1
      case 'boolean': return true
      default: return null
    }
  }

  #object (schema: Record<string, unknown>, depth: number): object {
    const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>
    const required = (schema['required'] ?? []) as string[]
    const names = this.#all && depth < DEEPEST ? Object.keys(properties) : required
    return Object.fromEntries(names.map((name) => [name, this.value(properties[name] ?? { type: 'string' }, name, depth + 1)]))
  }

  #array (schema: Record<string, unknown>, name: string, depth: number): unknown[] {
    const length = Math.max(Number(schema['minItems'] ?? 0), this.#all ? 1 : 0)
    return depth < DEEPEST ? Array.from({ length }, () => this.value(schema['items'] as JsonSchema, name, depth + 1)) : []
  }

  #resolve (pointer: string): JsonSchema | undefined {
    let at: unknown = this.#root
    for (const step of pointer.split('/').slice(1)) at = (at as Record<string, unknown> | undefined)?.[step]
    return at as JsonSchema | undefined
  }
}

const FORMATS: Record<string, string> = {
  'date-time': '2026-11-22T12:00:00Z',
  date: '2026-11-22',
  time: '12:00:00Z',
  duration: 'PT1H',
  email: 'someone@example.com',
  hostname: 'example.com',
  uri: 'https://example.com/',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '00000000-0000-4000-8000-000000000000'
}

function stringOf (schema: Record<string, unknown>, name: string): string {
  return FORMATS[schema['format'] as string] ?? `example ${name}`.padEnd(Number(schema['minLength'] ?? 0), '.')
}
