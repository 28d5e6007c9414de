import fc from 'fast-check'
import { GatewayError } from '../../../src/errors.ts'

/** Every place in a body, as the keys that lead to it. */
function placesOf (value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [[]]
  return [[], ...Object.entries(value).flatMap(([key, child]) => placesOf(child).map((rest) => [key, ...rest]))]
}

function replaced (value: unknown, [key, ...rest]: string[], by: unknown): unknown {
  if (key === undefined) return by
  const copy: Record<string, unknown> = Array.isArray(value) ? [...value] as never : { ...value as object }
  copy[key] = replaced(copy[key], rest, by)
  return copy
}

/**
 * Tries bodies of any shape, and a valid one with anything in the place of anything: each is translated, or refused with a 400.
 * @throws Error at the first that brings about a fault of ours
 */
export function tryEverything (valid: unknown, translate: (body: unknown) => unknown): void {
  const onlyRefuses = (body: unknown) => {
    try {
      JSON.stringify(translate(body))
    } catch (error) {
      if (!(error instanceof GatewayError) || error.status !== 400) throw error
    }
  }
  const hostile = fc.oneof(fc.anything({ maxDepth: 3 }), fc.jsonValue(), fc.constant(JSON.parse('{"__proto__":{"type":"text"},"constructor":1}')))
  fc.assert(fc.property(hostile, onlyRefuses), { numRuns: 500 })
  const places = fc.constantFrom(...placesOf(valid))
  const values = fc.oneof(fc.jsonValue(), fc.constant(JSON.parse('{"__proto__":null}')))
  fc.assert(fc.property(places, values, (place, by) => { onlyRefuses(replaced(valid, place, by)) }), { numRuns: 3000 })
}
