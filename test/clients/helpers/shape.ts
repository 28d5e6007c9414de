/**
 * What a JSON value is made of, without what it says: `path: type` for everything in it. Elements of an array that name a `type` are told apart by
 * it, all others are taken together.
 */
export function shapeOf (value: unknown): Set<string> {
  const found = new Set<string>()
  walk(value, '', found)
  return found
}

function walk (value: unknown, path: string, found: Set<string>): void {
  if (Array.isArray(value)) {
    found.add(`${path}: array`)
    for (const item of value) walk(item, `${path}[${kindOf(item)}]`, found)
  } else if (typeof value === 'object' && value !== null) {
    found.add(`${path}: object`)
    // What an SDK adds to an answer for itself is not enumerable, or undefined.
    for (const [name, inner] of Object.entries(value)) if (inner !== undefined) walk(inner, `${path}.${name}`, found)
  } else found.add(`${path}: ${value === null ? 'null' : typeof value}`)
}

function kindOf (item: unknown): string {
  const type = (item as { type?: unknown } | null)?.type
  return typeof type === 'string' ? type : ''
}

/** What one shape has and the other lacks. */
export function differences (one: Set<string>, other: Set<string>): { lacks: string[], adds: string[] } {
  const without = (all: Set<string>, known: Set<string>) => [...all].filter((line) => !known.has(line)).toSorted()
  return { lacks: without(one, other), adds: without(other, one) }
}
