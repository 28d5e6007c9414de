const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c
const BRACE = 0x7b
const BRACE_END = 0x7d
const BRACKET = 0x5b
const BRACKET_END = 0x5d
const LETTER_U = 0x75
const SPACE = 0x20
const LAST_PRINTED = 0x7e

const MODEL = Buffer.from('"model"')
/** Part of each escape that can stand for a letter of `model`: they are `\u0064`, `\u0065`, `\u006c`, `\u006d` and `\u006f`. */
const DISGUISE = Buffer.from('006')
/** In characters, as the schema has it. */
const LONGEST_MODEL = 256

/** What a look at a Messages request tells of it, in the form of its body; the messages themselves are not read. */
export interface Glance {
  model: string
  messages: []
  stream?: boolean
}

/**
 * Reads from a Messages request's bytes what the gateway relies on, without building what is in it: it is an object with one model and an array of
 * messages. It stops where it knows that, and clients name the model first and the messages soon; what follows is the upstream's to judge.
 * Whatever is unusual, or wrong as far as it looks, makes it give up. See docs/decisions/0014-a-glance-at-large-requests.md.
 * @returns null when the body must be parsed to be judged
 */
export function glance (body: Buffer): Glance | null {
  if (body[lastPrinted(body)] !== BRACE_END) return null
  let at = afterSpace(body, 0)
  if (body[at] !== BRACE) return null
  const seen: Partial<Glance> = {}
  let named = 0
  do {
    const name = afterSpace(body, at + 1)
    const nameEnd = plainStringEnd(body, name)
    if (nameEnd === -1) return null
    const colon = afterSpace(body, nameEnd)
    if (body[colon] !== COLON) return null
    const value = afterSpace(body, colon + 1)
    const end = read(body, body.toString('latin1', name + 1, nameEnd - 1), value, seen)
    if (seen.model !== undefined && named === 0) named = nameEnd
    if (seen.model !== undefined && seen.messages !== undefined) return isNamedAgain(body, named) ? null : seen as Glance
    if (end === -1) return null
    at = afterSpace(body, end)
  } while (body[at] === COMMA)
  return null
}

/** Notes a member that the gateway relies on. @returns the index behind its value, or -1 when it is not as it should be */
function read (body: Buffer, name: string, value: number, seen: Partial<Glance>): number {
  if (name === 'model') {
    const end = plainStringEnd(body, value)
    const length = end - value - 2
    if (end === -1 || length < 1 || length > LONGEST_MODEL) return -1
    seen.model = body.toString('latin1', value + 1, end - 1)
    return end
  }
  if (name === 'messages') {
    if (body[value] !== BRACKET) return -1
    seen.messages = []
    return seen.model === undefined ? valueEnd(body, value) : value
  }
  const end = valueEnd(body, value)
  if (name !== 'stream' || end === -1) return end
  const text = body.toString('latin1', value, end)
  if (text !== 'true' && text !== 'false') return -1
  seen.stream = text === 'true'
  return end
}

/** Whether another member could have the model's name, in whatever spelling: the upstream could then go by another model than the gateway. */
function isNamedAgain (body: Buffer, from: number): boolean {
  if (body.includes(MODEL, from)) return true
  for (let at = body.indexOf(DISGUISE, from); at !== -1; at = body.indexOf(DISGUISE, at + 1)) {
    if (body[at - 1] === LETTER_U && body[at - 2] === BACKSLASH) return true
  }
  return false
}

/** The index behind a string of printable ASCII without escapes, or -1. @param at where its quote is expected */
function plainStringEnd (body: Buffer, at: number): number {
  if (body[at] !== QUOTE) return -1
  for (at++; at < body.length; at++) {
    const byte = body[at]!
    if (byte === QUOTE) return at + 1
    if (byte === BACKSLASH || byte < SPACE || byte > LAST_PRINTED) return -1
  }
  return -1
}

/** The index behind any string, or -1. @param at where its quote is */
function stringEnd (body: Buffer, at: number): number {
  for (at++; at < body.length; at++) {
    const byte = body[at]
    if (byte === QUOTE) return at + 1
    if (byte === BACKSLASH) at++
  }
  return -1
}

/** The index behind a value, or -1 when it does not end. Only brackets and strings are told apart. */
function valueEnd (body: Buffer, at: number): number {
  let depth = 0
  while (at < body.length) {
    const byte = body[at]!
    if (byte === QUOTE) {
      at = stringEnd(body, at)
      if (at === -1 || depth === 0) return at
      continue
    }
    if (byte === BRACE || byte === BRACKET) {
      depth++
    } else if (byte === BRACE_END || byte === BRACKET_END) {
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    } else if (depth === 0 && (byte === COMMA || byte <= SPACE)) {
      return at
    }
    at++
  }
  return -1
}

function afterSpace (body: Buffer, at: number): number {
  while (isSpace(body[at])) at++
  return at
}

function lastPrinted (body: Buffer): number {
  let at = body.length - 1
  while (at > 0 && isSpace(body[at])) at--
  return at
}

function isSpace (byte: number | undefined): boolean {
  return byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09
}
