/** Finding the text of a delta in its bytes, without parsing them. */

/** What a piece of a block is: text, thinking, or a part of a tool's input, which is JSON itself. */
export type DeltaKind = 'text' | 'thinking' | 'input'

/** Where the literal of a delta stands, its quotes left out. */
export interface Found { index: number, kind: DeltaKind, start: number, end: number }

const QUOTE = 0x22
const BACKSLASH = 0x5c
const BRACE = 0x7d
const SPACE = 0x20
const ZERO = 0x30

/** The one way in which the API writes these events. Whatever differs is parsed. Source: its streams; see test/fixtures/streams. */
const HEAD = Buffer.from('{"type":"content_block_delta","index":')
const NECK = Buffer.from(',"delta":{"type":"')
const KINDS: ReadonlyArray<readonly [DeltaKind, Buffer]> = [
  ['text', Buffer.from('text_delta","text":"')],
  ['input', Buffer.from('input_json_delta","partial_json":"')],
  ['thinking', Buffer.from('thinking_delta","thinking":"')]
]

/**
 * Finds the literal in the data of a `content_block_delta` event.
 * @param found filled in; one object for a whole stream
 * @returns false when the event is another one, or is written in another way
 */
export function readDelta (data: Buffer, found: Found): boolean {
  if (!startsWith(data, HEAD, 0)) return false
  let at = HEAD.length
  let index = 0
  for (let digit = data[at]! - ZERO; digit >= 0 && digit <= 9; digit = data[++at]! - ZERO) index = index * 10 + digit
  if (at === HEAD.length || !startsWith(data, NECK, at)) return false
  at += NECK.length
  for (const [kind, name] of KINDS) {
    if (!startsWith(data, name, at)) continue
    const start = at + name.length
    const end = literalEnd(data, start)
    if (end === -1 || !closes(data, end + 1)) return false
    found.index = index
    found.kind = kind
    found.start = start
    found.end = end
    return true
  }
  return false
}

/** The index of the quote that ends the literal whose inside begins at `start`, or -1. */
export function literalEnd (bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(QUOTE, start); at !== -1; at = bytes.indexOf(QUOTE, at + 1)) {
    let slashes = 0
    while (at - slashes > start && bytes[at - slashes - 1] === BACKSLASH) slashes++
    if (slashes % 2 === 0) return at
  }
  return -1
}

/** Whether the two objects end here. The API fills events up with blanks. */
function closes (data: Buffer, from: number): boolean {
  let braces = 0
  for (let at = from; at < data.length; at++) {
    if (data[at] === BRACE) braces++
    else if (data[at] !== SPACE) return false
  }
  return braces === 2
}

/** Whether the bytes at `from` are those of the name. Faster than `compare` for names as short as these. */
export function startsWith (data: Buffer, name: Buffer, from: number): boolean {
  if (data.length - from < name.length) return false
  for (let at = 0; at < name.length; at++) if (data[from + at] !== name[at]) return false
  return true
}
