/**
 * Finds stop sequences in a text that comes in pieces. What is found does not depend on the pieces: of all matches in the whole text the one that
 * begins first, and of several that begin there the one that stands first in the list. Only what may still become a match is held back.
 */
export class StopMatcher {
  readonly #sequences: readonly string[]
  /** The end of what has come: the beginning of what may be a match. */
  #held = ''
  #matched: string | null = null

  constructor (sequences: readonly string[]) {
    this.#sequences = sequences.filter((sequence) => sequence !== '')
  }

  /** The sequence that was met. What comes behind it is passed over. */
  get matched (): string | null {
    return this.#matched
  }

  /** @returns the text that can be told: up to the match, or to what may become one */
  push (piece: string): string {
    return this.#sequences.length === 0 ? piece : this.#scan(this.#held + piece, false)
  }

  /** Nothing more comes. @returns what was held back, or, when the end decides for a match, what stands before it */
  end (): string {
    return this.#held === '' ? '' : this.#scan(this.#held, true)
  }

  #scan (text: string, last: boolean): string {
    this.#held = ''
    if (this.#matched !== null) return ''
    for (let at = 0; at < text.length; at++) {
      const found = this.#at(text, at, last)
      if (found === null) continue
      if (found === OPEN) this.#held = text.slice(at)
      else this.#matched = found
      return text.slice(0, at)
    }
    return text
  }

  /** What begins here: a sequence, nothing, or what only more text can decide. */
  #at (text: string, at: number, last: boolean): string | typeof OPEN | null {
    const rest = text.length - at
    for (const sequence of this.#sequences) {
      if (sequence.charCodeAt(0) !== text.charCodeAt(at)) continue
      if (rest >= sequence.length) {
        if (text.startsWith(sequence, at)) return sequence
      } else if (!last && sequence.startsWith(text.slice(at))) {
        return OPEN
      }
    }
    return null
  }
}

const OPEN = Symbol('open')
