import t from 'tap'
import { planWeb } from '../../../src/translate/web/web-plan.ts'
import { refusalOf } from '../helpers/refusal.ts'

const PNG = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }
const PDF = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' }, title: 'The "plan".pdf' }
const NOTES = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'né' }, title: 'notes' }
const HI = { role: 'user', content: 'hi' }
const HELLO = { role: 'assistant', content: 'hello' }

function plan (fields: object) {
  return planWeb({ model: 'claude-sonnet-5', messages: [HI], ...fields }, 'token-1')
}

function parted (blocks: unknown[]) {
  return plan({ messages: [{ role: 'user', content: blocks }] })
}

t.test('a first message goes as it is', async (t) => {
  const made = plan({})
  t.strictSame(made.turn, { prompt: 'hi', files: [], attachments: [] })
  t.equal(made.whole(), made.turn)
  t.equal(made.before, null)
  t.match(made, { model: 'claude-sonnet-5', stream: false, stopSequences: [], ignored: [], thinkingMode: undefined, effort: undefined })
})

t.test('the bytes of a body do as well as the parsed one', async (t) => {
  const body = { model: 'claude-sonnet-5', stream: true, messages: [HI, HELLO, { role: 'user', content: 'ü' }] }
  const [one, other] = [planWeb(body, 'token-1'), planWeb(Buffer.from(JSON.stringify(body)), 'token-1')]
  t.strictSame({ ...one, after: one.after('x'), whole: one.whole() }, { ...other, after: other.after('x'), whole: other.whole() })
  t.equal(refusalOf(() => planWeb(Buffer.from('{'), 'token-1')).message, 'body: is not valid JSON. Send a JSON object.')
  t.equal(refusalOf(() => planWeb(Buffer.from([0x22, 0xff, 0x22]), 'token-1')).param, 'body')
})

t.test('the turn is all that is new since the last answer', async (t) => {
  const { turn } = plan({ messages: [HI, HELLO, { role: 'user', content: 'a' }, { role: 'user', content: [{ type: 'text', text: 'b' }, PNG] }] })
  t.equal(turn.prompt, 'a\n\nb')
  t.strictSame(turn.files, [{ name: '1-image.png', mediaType: 'image/png', bytes: Buffer.from('89504e470d0a1a0a', 'hex') }])
})

t.test('what came before stands in one transcript, with the files of earlier turns beside it', async (t) => {
  const messages = [
    { role: 'user', content: [{ type: 'text', text: 'look' }, PNG, NOTES, { type: 'text', text: 'well?' }] },
    { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: 's' }, { type: 'text', text: 'nice' }] },
    { role: 'user', content: [{ type: 'text', text: 'and this?' }, PDF] }
  ]
  const { prompt, files, attachments } = plan({ system: 'be brief', messages }).whole()
  t.equal(prompt, 'and this?')
  t.strictSame(files.map(({ name }) => name), ['1-image.png', '3-The _plan_.pdf'])
  t.equal(attachments.length, 1)
  const { file_name: name, file_type: type, file_size: size, extracted_content: text } = attachments[0]!
  t.strictSame({ name, type, size }, { name: 'conversation.txt', type: 'txt', size: Buffer.byteLength(text) })
  t.matchStrict(text, /^This file is the record of a conversation so far/)
  t.equal(text.slice(text.indexOf('=====')), `===== system =====
be brief

===== human =====
look

===== human: attached file 1-image.png =====

===== human: document 2-notes.txt =====
né

===== human =====
well?

===== assistant =====
nice
`)
})

t.test('a system prompt alone makes a transcript too', async (t) => {
  const { prompt, attachments } = plan({ system: [{ type: 'text', text: 'be brief' }, { type: 'text', text: ' ' }] }).whole()
  t.equal(prompt, 'hi')
  t.ok(attachments[0]?.extracted_content.endsWith('===== system =====\nbe brief\n'))
  t.equal(plan({ system: '' }).whole().attachments.length, 0)
})

t.test('system messages keep their place', async (t) => {
  const rule = { role: 'system', content: 'in verse' }
  const earlier = plan({ messages: [HI, rule, HELLO, { role: 'user', content: 'go' }] })
  t.match(earlier.whole().attachments[0]?.extracted_content, /== human =====\nhi\n\n===== system =====\nin verse\n\n===== assistant ==/)
  t.equal(earlier.turn.prompt, 'go')
  const { turn } = plan({ messages: [HI, HELLO, { role: 'user', content: [NOTES, { type: 'text', text: 'go' }] }, rule] })
  t.equal(turn.prompt, '===== human =====\ngo\n\n===== system =====\nin verse')
  t.equal(turn.attachments.length, 1)
})

t.test('text documents become attachments, their context stands before', async (t) => {
  const content = { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'a' }, { type: 'text', text: 'b' }] }, context: 'from 1999' }
  const { turn } = parted([NOTES, content, { ...NOTES, title: 'data.csv' }])
  t.strictSame(turn.attachments[0], { file_name: '1-notes.txt', file_type: 'txt', file_size: 3, extracted_content: 'né' })
  t.strictSame(turn.attachments.map(({ file_name: name }) => name), ['1-notes.txt', '2-document.txt', '3-data.csv'])
  t.equal(turn.attachments[1]?.extracted_content, 'a\n\nb')
  t.equal(turn.prompt, 'from 1999')
})

t.test('a turn of images needs no text', async (t) => {
  const { turn } = parted([{ type: 'text', text: '' }, PNG])
  t.equal(turn.prompt, '')
  t.equal(turn.files.length, 1)
})

t.test('a name is safe in a header and in a line', async (t) => {
  for (const title of ['a\r\nb', '../"x";', '===== human =====', '\ud800', 'x'.repeat(9_999), ' ', '\u2028']) {
    const name = parted([{ ...PDF, title }]).turn.files[0]!.name
    t.match(name, /^1-[\p{L}\p{N} ._-]{1,84}\.pdf$/u, `${title.codePointAt(0)} …`)
  }
})

t.test('thinking and effort', async (t) => {
  const modes = { enabled: 'extended', adaptive: 'auto', disabled: 'off', between_tools: 'off' }
  for (const [type, mode] of Object.entries(modes)) t.equal(plan({ thinking: { type } }).thinkingMode, mode)
  t.equal(plan({ output_config: { effort: 'low' } }).effort, 'low')
})

t.test('tokens are estimated over all that is sent', async (t) => {
  const short = plan({}).inputTokens
  const long = plan({ system: 'x'.repeat(4_000), messages: [HI, HELLO, { role: 'user', content: 'y'.repeat(4_000) }] }).inputTokens
  t.ok(long > short + 1_000)
  t.ok(parted([PNG]).inputTokens > 1_000, 'an image counts')
})

t.test('what has no effect is told', async (t) => {
  const cached = { cache_control: { type: 'ephemeral' } }
  const cited = { ...NOTES, ...cached, citations: { enabled: true } }
  t.strictSame(plan({ shiny: 1, temperature: 0.5, max_tokens: 9, messages: [{ role: 'user', content: [cited, cited] }] }).ignored,
    ['max_tokens', 'temperature', 'cache_control', 'citations', 'shiny'])
  t.strictSame(plan({ system: [{ type: 'text', text: 'a', ...cached }] }).ignored, ['cache_control'])
  t.strictSame(plan({ 'a\r\nb': 1, ключ: 1, constructor: 1 }).ignored, ['other', 'constructor'])
  t.equal(plan(Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`p${index}`, 1]))).ignored.length, 32)
})
