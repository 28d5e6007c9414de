/** A text as it stands inside a JSON string literal, without the quotes. */
export function literalOf (text: string): Buffer {
  return Buffer.from(JSON.stringify(text).slice(1, -1))
}

/** The text of a literal's inside. @throws SyntaxError when it is none: an upstream can write what it likes */
export function textOfLiteral (literal: string): string {
  return JSON.parse(`"${literal}"`) as string
}
