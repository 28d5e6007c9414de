/** Longest piece, in UTF-16 units, before a run without spaces is cut: CJK text and base64 have few. */
const LONGEST = 16

/**
 * Cuts text as a model would stream it: a word at a time, with the space before it, and never inside a character that a reader sees as one.
 * The pieces joined are the text.
 */
export function piecesOf (text: string): string[] {
  const words = text.match(/\s*\S+|\s+$/g) ?? []
  return words.flatMap((word) => word.length > LONGEST ? cut(word) : [word])
}

function cut (word: string): string[] {
  const pieces: string[] = []
  let piece = ''
  for (const { segment } of new Intl.Segmenter('en').segment(word)) {
    if (piece !== '' && piece.length + segment.length > LONGEST) {
      pieces.push(piece)
      piece = ''
    }
    piece += segment
  }
  pieces.push(piece)
  return pieces
}

/** The first `length` UTF-16 units of the pieces, as pieces. */
export function firstUnits (pieces: string[], length: number): string[] {
  const kept: string[] = []
  for (const piece of pieces) {
    if (length <= 0) break
    kept.push(piece.slice(0, length))
    length -= piece.length
  }
  return kept
}

/** The start of a text for quoting it: at most `length` UTF-16 units, without half a character at the end. */
export function excerpt (text: string, length: number): string {
  if (text.length <= length) return text
  const kept = cut(text.slice(0, length + LONGEST)).slice(0, -1).join('')
  return `${kept.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')}…`
}
