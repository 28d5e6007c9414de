import { equal } from 'node:assert/strict'
import t from 'tap'
import fc from 'fast-check'
import { estimateTokens, TokenEstimate } from '../../../src/translate/web/token-estimate.ts'

t.test('the weights', async (t) => {
  for (const [text, tokens] of [['', 0], ['a', 1], ['a'.repeat(7), 2], ['a'.repeat(3_500), 1_000], ['я'.repeat(10), 5], ['世界', 2], ['👋', 2]] as const) {
    t.equal(estimateTokens(text), tokens, text.slice(0, 10))
  }
})

t.test('the same however a text is cut', async () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' })), (pieces) => {
    const estimate = new TokenEstimate()
    for (const piece of pieces) estimate.add(piece)
    equal(estimate.tokens, estimateTokens(pieces.join('')))
  }))
})
