import t from 'tap'
import { planWeb } from '../../../src/translate/web/web-plan.ts'
import { tryEverything } from '../helpers/mutations.ts'
import { refusalOf } from '../helpers/refusal.ts'

const HI = { role: 'user', content: 'hi' }
const IMAGE = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }

function refusal (fields: object) {
  const error = refusalOf(() => planWeb({ model: 'claude-sonnet-5', messages: [HI], ...fields }, 'token-1'))
  t.equal(error.status, 400)
  t.equal(error.type, 'invalid_request_error')
  t.ok(error.message.startsWith(`${error.param}: `), error.message)
  return error
}

function blockRefusal (block: object) {
  return refusal({ messages: [{ role: 'user', content: [block] }] })
}

const API_ONLY: Record<string, object> = {
  tools: { tools: [{ name: 'a', input_schema: {} }] },
  tool_choice: { tool_choice: { type: 'any' } },
  mcp_servers: { mcp_servers: [{ type: 'url' }] },
  container: { container: 'c_1' },
  output_format: { output_format: { type: 'json_schema' } },
  'output_config.format': { output_config: { effort: 'low', format: { type: 'json_schema' } } },
  'messages.1': { messages: [HI, { role: 'assistant', content: 'Once' }] },
  'messages.0.content.0': { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a' }] }] },
  'messages.0.content.1': { messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }, { type: 'shiny' }] }] },
  'messages.0.content.0.source': { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }] }] },
  'messages.1.content.0': { messages: [HI, { role: 'assistant', content: [IMAGE] }, HI] },
  'system.0': { system: [IMAGE] }
}

for (const [param, fields] of Object.entries(API_ONLY)) {
  t.test(`${param}: only the API can do it, and the message says so`, async (t) => {
    const error = refusal(fields)
    t.equal(error.param, param)
    t.equal(error.code, 'web_mode_unsupported')
    t.ok(error.message.endsWith(' in web mode; use API mode (X-Proxy-Mode: api).'), error.message)
    t.equal(error.retryable, false)
  })
}

t.test('what asks for nothing is not refused', async (t) => {
  const idle = { tools: [], tool_choice: { type: 'auto' }, mcp_servers: [], container: null, output_config: { format: null }, system: null, stop_sequences: null }
  t.strictSame(planWeb({ model: 'claude-sonnet-5', messages: [HI], ...idle }, 'token-1').ignored, [])
})

const MALFORMED: Record<string, object> = {
  model: { model: '' },
  messages: { messages: {} },
  'messages.0': { messages: ['hi'] },
  'messages.0.role': { messages: [{ ...HI, role: 'tool' }] },
  'messages.0.content': { messages: [{ role: 'user', content: 7 }] },
  'messages.0.content.0': { messages: [{ role: 'user', content: [null] }] },
  'messages.0.content.0.type': { messages: [{ role: 'user', content: [{ text: 'hi' }] }] },
  'messages.0.content.0.text': { messages: [{ role: 'user', content: [{ type: 'text', text: 7 }] }] },
  'messages.0.content.0.source': { messages: [{ role: 'user', content: [{ type: 'image' }] }] },
  system: { system: 7 },
  stream: { stream: 'yes' },
  stop_sequences: { stop_sequences: 'a' },
  'stop_sequences.1': { stop_sequences: ['a', ' '] },
  thinking: { thinking: true },
  'thinking.type': { thinking: { type: 'deep' } },
  output_config: { output_config: [] },
  'output_config.effort': { output_config: { effort: 'some' } }
}

for (const [param, fields] of Object.entries(MALFORMED)) {
  t.test(`${param}: a wrong shape is refused by its path`, async (t) => {
    t.equal(refusal(fields).param, param)
  })
}

t.test('nothing that could be answered', async (t) => {
  for (const messages of [[], [{ role: 'user', content: '' }], [HI, { role: 'assistant', content: 'a' }, { role: 'user', content: [{ type: 'text', text: '\n' }] }]]) {
    t.equal(refusal({ messages }).param, 'messages')
  }
})

t.test('bytes that are none of those that claude.ai takes', async (t) => {
  const source = (changes: object) => ({ type: 'image', source: { ...IMAGE.source, ...changes } })
  for (const data of ['', '=', 'A', 'AAAA=A==', 'AA=A', 'AA===', 'A-_A', 'AAAA\u0000', 7, null]) {
    t.equal(blockRefusal(source({ data })).param, 'messages.0.content.0.source.data', JSON.stringify(data))
  }
  t.equal(blockRefusal(source({ media_type: 'image/svg+xml' })).param, 'messages.0.content.0.source.media_type')
  t.equal(blockRefusal({ ...IMAGE, type: 'document' }).param, 'messages.0.content.0.source.media_type', 'an image is no document')
  t.equal(blockRefusal({ type: 'image', source: { type: 'text', media_type: 'text/plain', data: 'a' } }).param, 'messages.0.content.0.source.type')
})

t.test('a body of any shape is planned or refused, and no more', async (t) => {
  const text = { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }
  const source = { type: 'content', content: [text] }
  const valid = {
    model: 'claude-sonnet-5',
    max_tokens: 9,
    stream: true,
    system: [text],
    thinking: { type: 'enabled', budget_tokens: 2_000 },
    output_config: { effort: 'low' },
    stop_sequences: ['x'],
    tools: [],
    messages: [
      { role: 'user', content: [text, IMAGE, { type: 'document', source, title: 'a', context: 'b', citations: { enabled: true } }] },
      { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm' }, text] },
      { role: 'user', content: 'go' }
    ]
  }
  const everything = (body: unknown) => {
    const plan = planWeb(body as object, 'token-1')
    return [plan, plan.whole(), plan.after('x')]
  }
  everything(valid)
  tryEverything(valid, everything)
  t.pass()
})

t.test('depth and width do no harm', async (t) => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  const body = (content: string) => Buffer.from(`{"model":"claude-sonnet-5","x":${deep},"messages":[{"role":"user","content":${content}}]}`)
  t.strictSame(planWeb(body('"hi"'), 'token-1').ignored, ['x'])
  t.equal(refusalOf(() => planWeb(body(deep), 'token-1')).param, 'messages.0.content.0')
  const wide = Array.from({ length: 200_000 }, () => ({ type: 'text', text: 'a' }))
  t.equal(planWeb({ model: 'claude-sonnet-5', messages: [{ role: 'user', content: wide }] }, 'token-1').turn.prompt.length, 200_000 * 3 - 2)
})
