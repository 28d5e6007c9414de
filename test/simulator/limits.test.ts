import t from 'tap'
import { limited } from '../../src/simulator/limits.ts'
import type { Part } from '../../src/simulator/types.ts'

const text = (...pieces: string[]): Part => ({ type: 'text', pieces, tokens: pieces.length })
const call = (): Part => ({ type: 'tool_use', pieces: ['', '{"a":', '1}'], tokens: 3, id: 'toolu_1', name: 'Bash', input: { a: 1 } })

t.test('an answer within its limits is left alone', async (t) => {
  t.same(limited([text('a', ' b')], { max_tokens: 2 }), { parts: [text('a', ' b')], stopReason: 'end_turn', stopSequence: null })
})

t.test('max_tokens ends the text', async (t) => {
  t.same(limited([text('a', ' b', ' c')], { max_tokens: 2 }), { parts: [text('a', ' b')], stopReason: 'max_tokens', stopSequence: null })
})

t.test('max_tokens counts over all parts', async (t) => {
  t.same(limited([text('a', ' b'), text('c', ' d')], { max_tokens: 3 }).parts, [text('a', ' b'), text('c')])
})

t.test('a tool call that does not fit is left out', async (t) => {
  t.same(limited([text('a'), call()], { max_tokens: 3 }), { parts: [text('a')], stopReason: 'max_tokens', stopSequence: null })
})

t.test('max_tokens 0 leaves nothing', async (t) => {
  t.same(limited([text('a')], { max_tokens: 0 }), { parts: [], stopReason: 'max_tokens', stopSequence: null })
})

t.test('a stop sequence ends the text before it, also across pieces', async (t) => {
  t.same(limited([text('one', ' two', ' three')], { max_tokens: 9, stop_sequences: ['o th'] }),
    { parts: [text('one', ' tw')], stopReason: 'stop_sequence', stopSequence: 'o th' })
})

t.test('the stop sequence that comes first wins', async (t) => {
  t.equal(limited([text('one', ' two')], { max_tokens: 9, stop_sequences: ['two', 'ne'] }).stopSequence, 'ne')
})

t.test('what stands behind a stop sequence goes too', async (t) => {
  t.same(limited([text('STOP'), call()], { max_tokens: 9, stop_sequences: ['STOP'] }).parts, [text()])
})
