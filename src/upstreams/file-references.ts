/** Ids of what lives in a workspace, as the API writes them, wherever they stand in a body. */
const ID = /(?:file|skill|container)_[0-9A-Za-z]{8,64}/g
/** Longest id that is looked for, in characters. */
const LONGEST = 10 + 64
/** A character of an id, disguised as an escape. No writer of JSON escapes letters, digits or underscores unless it has something to hide. */
const DISGUISE = /\\u00(?:3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a])/gi
/** Length of one escape, in characters. */
const ESCAPE = 6

/** Ids that are remembered as met already. */
const MOST_MET = 10_000

/**
 * Finds the ids of files, skills and containers that a JSON body names, over any chunking. It reads bytes and not JSON, so what it finds may also be
 * text that merely looks like an id, or the beginning of one; whoever asks must know which ids there are.
 */
export class ReferenceScanner {
  #met = new Set<string>()
  /** The end of what came, in which an id may have begun. */
  #tail = ''

  /** @returns ids, each of them at least once in the whole body */
  push (chunk: Buffer): string[] {
    // Latin 1: an id is ASCII, and every byte stays one character.
    const text = this.#tail + chunk.toString('latin1')
    this.#tail = text.slice(-LONGEST * ESCAPE)
    const found: string[] = []
    for (const [id] of plain(text).matchAll(ID)) {
      if (this.#met.has(id)) continue
      if (this.#met.size >= MOST_MET) this.#met.clear()
      this.#met.add(id)
      found.push(id)
    }
    return found
  }
}

/** Without one of these there is no id, not even in disguise. */
const PREFIXES = ['file_', 'skill_', 'container_', '\\u00']

/** The ids that a whole body names. */
export function referencesIn (body: Buffer): string[] {
  // Nearly every body names none, and then this is all it costs.
  if (!PREFIXES.some((prefix) => body.includes(prefix))) return []
  return new ReferenceScanner().push(body)
}

function plain (text: string): string {
  if (!text.includes('\\u00')) return text
  return text.replace(DISGUISE, (escape) => String.fromCharCode(Number.parseInt(escape.slice(2), 16)))
}
