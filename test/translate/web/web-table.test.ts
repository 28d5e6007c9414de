import { readFileSync } from 'node:fs'
import t from 'tap'
import { planWeb } from '../../../src/translate/web/web-plan.ts'
import { WEB_ROWS, webTable } from '../../../src/translate/web/web-table.ts'
import { refusalOf } from '../helpers/refusal.ts'

/** A value that asks for something, where an object of its own does not. */
const ASKING: Record<string, unknown> = { thinking: { type: 'enabled' } }

function plan (fields: object) {
  return planWeb({ model: 'claude-sonnet-5', messages: [{ role: 'user', content: 'hi' }], ...fields }, 'token-1')
}

/** A body in which a field, or one inside of it, has a value. */
function bodyWith (path: string, value: unknown): object {
  const [name = '', inner] = path.split('.')
  return { [name]: inner === undefined ? value : { ...ASKING[name] as object, [inner]: value } }
}

for (const { kind, name, fate, note } of WEB_ROWS) {
  t.test(`the ${kind} ${name} is ${fate}`, async (t) => {
    if (kind === 'parameter' && fate === 'ignored') {
      t.strictSame(plan(bodyWith(name, 'made-up')).ignored, [name])
      t.strictSame(plan(bodyWith(name, null)).ignored, [])
    } else if (fate === 'refused') {
      const block = kind === 'block' ? { type: name } : { type: 'document', source: { type: name } }
      const error = refusalOf(() => plan(kind === 'parameter' ? bodyWith(name, ['made-up']) : { messages: [{ role: 'user', content: [block] }] }))
      t.equal(error.code, 'web_mode_unsupported')
      t.ok(error.message.includes(`${note} in web mode`))
    } else {
      t.strictSame(plan(kind === 'parameter' && name !== 'model' && name !== 'messages' ? bodyWith(name, null) : {}).ignored, [])
    }
  })
}

t.test('no row twice', async (t) => {
  t.equal(new Set(WEB_ROWS.map(({ kind, name }) => `${kind} ${name}`)).size, WEB_ROWS.length)
})

t.test('docs/web-mode.md shows the table as it is', async (t) => {
  t.ok(readFileSync(new URL('../../../docs/web-mode.md', import.meta.url), 'utf8').includes(`\n\n${webTable()}\n\n`))
})

t.test('docs/web-mode.md shows a transcript as it is', async (t) => {
  const docs = readFileSync(new URL('../../../docs/web-mode.md', import.meta.url), 'utf8')
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }
  const notes = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Buy milk.' }, title: 'notes.txt' }
  const told = planWeb({
    model: 'claude-sonnet-5',
    system: 'You are terse.',
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'What is in this picture, and in these notes?' }, image, notes] },
      { role: 'assistant', content: 'A cow. Milk to buy.' },
      { role: 'user', content: 'Thanks.' }
    ]
  }, 'token-1').whole().attachments[0]!.extracted_content
  t.ok(docs.includes(`\`\`\`\n${told}\`\`\`\n`))
})
