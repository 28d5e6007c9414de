import fc from 'fast-check'
import t from 'tap'
import { createIds } from '../../../src/simulator/ids.ts'
import { findModel } from '../../../src/simulator/models.ts'
import { sayTo, wordsOf } from '../../../src/simulator/web/saying.ts'
import { ROOT, type ChatMessage } from '../../../src/simulator/web/conversations.ts'

const human = (text: string, ...pastes: string[]): ChatMessage => ({
  uuid: '11111111-1111-4111-8111-111111111111',
  sender: 'human',
  parent_message_uuid: ROOT,
  text,
  attachments: pastes.map((paste) => ({ file_name: 'paste.txt', file_type: 'txt', file_size: paste.length, extracted_content: paste })),
  files: [],
  stop_reason: null,
  model: null,
  created_at: '2026-11-24T00:00:00Z'
})

const OPTIONS = { model: findModel('claude-sonnet-5-5'), thinking: false, ids: createIds() }
const textOf = (...branch: ChatMessage[]) =>
  sayTo(branch, OPTIONS).parts.map((part) => part.type === 'text' ? part.pieces.join('') : `[${part.type}]`).join('')

/** Two turns and an answer between them, in the forms in which transcripts come. */
const TRANSCRIPTS = {
  'Human: and Assistant:': 'my colour is blue\n\nHuman: my name is Nobody\n\nAssistant: noted\n\nHuman: recall turn 1',
  'markdown headings': '# System\nBe kind.\n\n## User\nmy name is Nobody\n\n## Assistant\nnoted\n\n## User\nrecall turn 1',
  'markdown headings with numbers': '## User 1\nmy name is Nobody\n## Assistant 1\nnoted\n## User 2\nrecall turn 1',
  rules: 'A record.\n\n===== system =====\nBe kind.\n\n===== human =====\nmy name is Nobody\n\n===== human: attached file a.png =====\n\n' +
    '===== assistant =====\nnoted\n\n===== human =====\nrecall turn 1\n',
  brackets: '[User]\nmy name is Nobody\n\n[Assistant]\nnoted\n\n[User]\nrecall turn 1\n\n[Assistant]\n',
  tags: '<system>\nBe kind.\n</system>\n<user>\nmy name is Nobody\n</user>\n<assistant>\nnoted\n</assistant>\n<user>\nrecall turn 1\n</user>'
}

for (const [form, transcript] of Object.entries(TRANSCRIPTS)) {
  t.test(`a transcript is read: ${form}`, async (t) => {
    t.equal(wordsOf(human('', transcript)), 'recall turn 1')
    t.equal(textOf(human('', transcript)), 'Turn 1 was: “my name is Nobody”')
  })
}

t.test('a prompt can be a transcript too', async (t) => {
  t.equal(textOf(human('===== human =====\nmy name is Nobody\n\n===== assistant =====\nnoted\n\n===== human =====\nrecall turn 1')),
    'Turn 1 was: “my name is Nobody”')
})

t.test('an instruction beside a transcript is not what is asked for', async (t) => {
  t.equal(textOf(human('Go on with the conversation in the attachment.', 'Human: say hi')), 'hi')
})

t.test('a wish in the prompt comes before one in an attachment', async (t) => {
  t.equal(textOf(human('say hi', 'Human: say other')), 'hi')
})

t.test('a line that starts with a role\'s name is no turn', async (t) => {
  t.equal(wordsOf(human('', 'say this:\nUser experience matters')), 'say this:\nUser experience matters')
})

t.test('a turn that never was is not recalled', async (t) => {
  t.equal(textOf(human('recall turn 7')), 'There was no turn 7.')
})

t.test('the same branch gets the same words, and any text is echoed or obeyed', async (t) => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => {
    const [one, other] = [textOf(human(text)), textOf(human(text))]
    t.ok(one === other && one !== '', text)
  }), { numRuns: 200 })
})
