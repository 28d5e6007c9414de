import t from 'tap'
import { keepThinking, keptThinking } from '../../src/translate/kept-thinking.ts'

const MODEL = 'claude-sonnet-5-5'
const THOUGHT = { type: 'thinking', thinking: 'Grüße 👋', signature: 'c2ln' } as const
const REDACTED = { type: 'redacted_thinking', data: 'ZGF0YQ==' } as const

t.test('thinking comes back as it was', async (t) => {
  for (const block of [THOUGHT, REDACTED]) {
    const kept = keepThinking(block, MODEL)
    t.match(kept, /^[\w.-]+$/, 'in characters that no transport changes')
    t.strictSame(keptThinking(kept, MODEL), block)
  }
})

t.test('another model\'s thinking is left out', async (t) => {
  t.equal(keptThinking(keepThinking(THOUGHT, MODEL), 'claude-opus-5-5'), undefined)
})

t.test('thinking that nobody signed, as that of web mode, is left out', async (t) => {
  t.equal(keptThinking(keepThinking({ ...THOUGHT, signature: '' }, MODEL), MODEL), undefined)
})

t.test('what is not ours, or damaged, is left out', async (t) => {
  const kept = keepThinking(THOUGHT, MODEL)
  const own = (value: unknown) => `ccproxy.1.${Buffer.from(JSON.stringify(value)).toString('base64url')}`
  const odd = [undefined, null, 5, '', 'gAAAAABo', 'ccproxy.1.', 'ccproxy.1.!!', kept.slice(0, -9), kept.replace('.1.', '.2.'),
    own(null), own({ model: MODEL }), own({ model: MODEL, block: { type: 'text', text: 'x' } }), own({ model: MODEL, block: { type: 'thinking', thinking: 'x' } }),
    own({ model: MODEL, block: { type: 'redacted_thinking', data: 5 } })]
  for (const content of odd) t.equal(keptThinking(content, MODEL), undefined, String(content))
})
