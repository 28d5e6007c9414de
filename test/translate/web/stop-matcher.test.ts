import { equal } from 'node:assert/strict'
import t from 'tap'
import fc from 'fast-check'
import { StopMatcher } from '../../../src/translate/web/stop-matcher.ts'

function match (sequences: string[], pieces: string[]): { told: string, matched: string | null } {
  const matcher = new StopMatcher(sequences)
  const told = pieces.map((piece) => matcher.push(piece)).join('') + matcher.end()
  return { told, matched: matcher.matched }
}

/** What is meant, on the whole text. */
function meant (sequences: string[], text: string): { told: string, matched: string | null } {
  for (let at = 0; at < text.length; at++) {
    const matched = sequences.find((sequence) => sequence !== '' && text.startsWith(sequence, at))
    if (matched !== undefined) return { told: text.slice(0, at), matched }
  }
  return { told: text, matched: null }
}

t.test('a sequence is found across every border, and the text before it is told', async (t) => {
  const text = 'Grüße 👋 und END, dann mehr'
  for (const stop of ['END', 'ü', 'üße 👋', '👋', ' ', 'G', 'mehr', text]) {
    for (let a = 0; a <= text.length; a++) {
      for (let b = a; b <= text.length; b++) {
        const found = match([stop], [text.slice(0, a), text.slice(a, b), text.slice(b)])
        if (found.told !== text.slice(0, text.indexOf(stop)) || found.matched !== stop) t.fail(`${stop}, cut at ${a} and ${b}`)
      }
    }
    t.same(match([stop], [...Array(text.length).keys()].map((at) => text[at]!)), meant([stop], text), stop)
  }
})

t.test('only what may still become a match is held back', async (t) => {
  const matcher = new StopMatcher(['aab', '</end>'])
  t.equal(matcher.push('x'), 'x')
  t.equal(matcher.push('aa'), '')
  t.equal(matcher.push('a'), 'a', 'the first of three cannot begin it any more')
  t.equal(matcher.push('c<'), 'aac')
  t.equal(matcher.push('/en'), '')
  t.equal(matcher.push('t '), '</ent ')
  t.equal(matcher.push('a'), '')
  t.equal(matcher.end(), 'a')
  t.equal(matcher.matched, null)
})

t.test('the match that begins first counts, and of those the first in the list', async (t) => {
  t.same(match(['cd', 'bc'], ['abcd']), { told: 'a', matched: 'bc' })
  t.same(match(['bc', 'abcd'], ['abc', 'd']), { told: '', matched: 'abcd' })
  t.same(match(['ab', 'abc'], ['ab', 'c']), { told: '', matched: 'ab' })
  t.same(match(['abc', 'ab'], ['ab', 'c']), { told: '', matched: 'abc' })
  t.same(match(['abc', 'ab'], ['ab', 'd']), { told: '', matched: 'ab' })
  t.same(match(['abc', 'ab'], ['xab']), { told: 'x', matched: 'ab' }, 'the end decides')
})

t.test('nothing is told after a match', async (t) => {
  const matcher = new StopMatcher(['b'])
  t.same([matcher.push('abc'), matcher.push('abc'), matcher.end()], ['a', '', ''])
  t.same(match([], ['a', 'b']), { told: 'ab', matched: null })
  t.same(match([''], ['a', 'b']), { told: 'ab', matched: null })
})

t.test('the pieces make no difference', async () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '👋'), maxLength: 12 })
  const sequences = fc.array(letters.map((text) => text.slice(0, 5)), { maxLength: 4 })
  fc.assert(fc.property(sequences, fc.array(letters, { maxLength: 6 }), (sequences, pieces) => {
    equal(JSON.stringify(match(sequences, pieces)), JSON.stringify(meant(sequences, pieces.join(''))))
  }), { numRuns: 3_000 })
})
