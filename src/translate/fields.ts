import { GatewayError } from '../errors.ts'

/** A JSON object whose fields nobody has looked at yet. */
export type Fields = Record<string, unknown>

/** Deeper than any prompt or schema is; shallow enough for every recursion over a body. */
const MAX_DEPTH = 128

/** A 400 that names the field by its path, what is wrong with it, and the mend. */
export function invalid (path: string, wrong: string, mend: string, code = 'invalid_value'): GatewayError {
  return new GatewayError('invalid_request_error', `${path}: ${wrong}. ${mend}`, { code, param: path })
}

export function missing (path: string, mend: string): GatewayError {
  return invalid(path, 'is required', mend, 'missing_required_parameter')
}

export function isObject (value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function asObject (value: unknown, path: string): Fields {
  if (isObject(value)) return value
  throw invalid(path, `must be an object, not ${nameOf(value)}`, 'Send a JSON object.', 'invalid_type')
}

export function asArray (value: unknown, path: string): unknown[] {
  if (Array.isArray(value)) return value
  throw invalid(path, `must be an array, not ${nameOf(value)}`, 'Send a JSON array.', 'invalid_type')
}

export function asString (value: unknown, path: string): string {
  if (typeof value === 'string') return value
  throw invalid(path, `must be a string, not ${nameOf(value)}`, 'Send a JSON string.', 'invalid_type')
}

/** Of what an upstream says: the object, or an empty one for anything else. */
export function objectOf (value: unknown): Fields {
  return isObject(value) ? value : {}
}

/** Of what an upstream says: the string, or an empty one for anything else. */
export function textOf (value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** @returns `undefined` where the field is missing or null: both mean "not set" in the OpenAI protocol. */
export function optionalString (value: unknown, path: string): string | undefined {
  return value === undefined || value === null ? undefined : asString(value, path)
}

export function optionalBoolean (value: unknown, path: string): boolean | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'boolean') return value
  throw invalid(path, `must be true or false, not ${nameOf(value)}`, 'Send a JSON boolean.', 'invalid_type')
}

export function optionalNumber (value: unknown, path: string): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw invalid(path, `must be a number, not ${nameOf(value)}`, 'Send a JSON number.', 'invalid_type')
}

/** A limit of tokens: whole and at least 1. */
export function optionalCount (value: unknown, path: string): number | undefined {
  const count = optionalNumber(value, path)
  if (count === undefined || (Number.isSafeInteger(count) && count > 0)) return count
  throw invalid(path, 'must be a whole number of at least 1', 'Leave it out for the most that the model can write.')
}

/** @param names every value that is allowed, in the order in which the message lists them */
export function asOneOf<T extends string> (value: unknown, names: readonly T[], path: string): T {
  const found = names.find((name) => name === value)
  if (found !== undefined) return found
  const shown = typeof value === 'string' && value.length <= 64 ? JSON.stringify(value) : nameOf(value)
  throw invalid(path, `must be one of ${names.join(', ')}, not ${shown}`, 'Choose one of them.')
}

/**
 * Refuses what is nested so deeply that a recursion over it could run out of stack.
 * Walks with a list of its own, so it cannot run out of stack itself.
 */
export function refuseDeepNesting (root: unknown, path: string): void {
  let level: unknown[] = [root]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw invalid(path, `is nested deeper than ${MAX_DEPTH} levels`, 'Flatten it.')
    const next: unknown[] = []
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue
      for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) next.push(child)
    }
    level = next
  }
}

function nameOf (value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
