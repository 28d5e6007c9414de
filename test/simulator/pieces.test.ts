import fc from 'fast-check'
import t from 'tap'
import { excerpt, firstUnits, piecesOf } from '../../src/simulator/pieces.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 200 })

t.test('the pieces joined are the text', async (t) => {
  fc.assert(fc.property(text, (text) => piecesOf(text).join('') === text))
  t.pass()
})

t.test('no piece ends inside a character', async (t) => {
  fc.assert(fc.property(text, (text) => piecesOf(text).every((piece) => piece.isWellFormed())))
  t.pass()
})

t.test('no piece ends inside an emoji that is made of several characters', async (t) => {
  const family = '👨‍👩‍👧‍👦'
  t.same(piecesOf(family.repeat(4)).join('|').replaceAll(family, 'F'), 'F|F|F|F')
})

t.test('words keep the space before them', async (t) => {
  t.same(piecesOf('one two  three\n'), ['one', ' two', '  three', '\n'])
})

t.test('a text without spaces is still cut', async (t) => {
  t.ok(piecesOf('字'.repeat(100)).length > 5)
})

t.test('the first units of pieces end inside the piece where they run out', async (t) => {
  t.same(firstUnits(['one', ' two', ' three'], 5), ['one', ' t'])
})

t.test('an excerpt of a short text is the text', async (t) => {
  t.equal(excerpt('short', 10), 'short')
})

t.test('an excerpt is no longer than asked for, but for its dots, and never ends inside a character', async (t) => {
  fc.assert(fc.property(text, fc.integer({ min: 1, max: 100 }), (text, length) => {
    const kept = excerpt(text, length)
    return kept.length <= Math.max(length + 1, text.length > length ? 0 : text.length) && kept.isWellFormed()
  }))
  t.pass()
})
