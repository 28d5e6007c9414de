import t from 'tap'
import { GatewayError } from '../../src/errors.ts'
import { checkParameters, compatibilityTable, refusedPart, rowsOf, type Api } from '../../src/translate/parameters.ts'

/** A value for each refused parameter that asks for something. */
const ASKING: Record<string, unknown> = {
  n: 2,
  logprobs: true,
  top_logprobs: 3,
  audio: { voice: 'alloy', format: 'wav' },
  modalities: ['text', 'audio'],
  web_search_options: {},
  previous_response_id: 'resp_1',
  conversation: 'conv_1',
  prompt: { id: 'pmpt_1' },
  background: true
}

for (const api of ['chat', 'responses'] as Api[]) {
  for (const { kind, name, fate, note, idle } of rowsOf(api)) {
    if (kind === 'part' && fate === 'refused') {
      t.test(`${api}: the part ${name} is refused with its mend`, async (t) => {
        const error = refusedPart(api, name, 'messages.0.content.0')
        t.equal(error.param, 'messages.0.content.0')
        t.ok(error.message.endsWith(note))
      })
    }
    if (kind !== 'parameter') continue
    t.test(`${api}: ${name} is ${fate}`, async (t) => {
      const value = name in ASKING ? ASKING[name] : Symbol('asks for something')
      t.strictSame(checkParameters(api, { [name]: null }), [], 'null asks for nothing')
      if (fate !== 'refused') {
        t.strictSame(checkParameters(api, { [name]: value }), fate === 'ignored' ? [name] : [])
        return
      }
      t.ok(name in ASKING, 'has a value that asks for something')
      t.equal(idle?.(value) ?? false, false)
      const error = thrownBy(() => checkParameters(api, { [name]: value }))
      t.equal(error.status, 400)
      t.equal(error.param, name)
      t.ok(error.message.endsWith(note), 'says what to do instead')
    })
  }
}

t.test('values that ask for nothing are neither refused nor told', async (t) => {
  t.strictSame(checkParameters('chat', { n: 1, logprobs: false, top_logprobs: 0, modalities: ['text'], presence_penalty: 0, logit_bias: {}, store: false }), [])
})

t.test('an unknown parameter is told, but never a name that no header can hold', async (t) => {
  t.strictSame(checkParameters('chat', { shiny: 1, 'a\r\nb': 1, ключ: 1, constructor: 1 }), ['shiny', 'other', 'constructor'])
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`p${index}`, 1]))
  t.equal(checkParameters('chat', many).length, 32)
})

t.test('no row twice', async (t) => {
  for (const api of ['chat', 'responses'] as Api[]) {
    const names = rowsOf(api).map(({ kind, name }) => `${kind} ${name}`)
    t.equal(new Set(names).size, names.length)
  }
})

t.test('the Markdown table has a line for every row', async (t) => {
  const lines = compatibilityTable().split('\n').filter((line) => line.startsWith('| `'))
  t.equal(lines.length, rowsOf('chat').length + rowsOf('responses').length)
  t.ok(lines.every((line) => line.split('|').length === 7))
})

function thrownBy (work: () => unknown): GatewayError {
  try {
    work()
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
