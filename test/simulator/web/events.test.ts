import t from 'tap'
import { parseEvents, type ServerEvent } from '../helpers.ts'
import { after, say, said, site } from './helpers.ts'

const EXTRAS = 'sk-ant-sid01-made-up-extras-aaaa'
const names = (events: ServerEvent[]) => events.map(({ event }) => event)
const deltas = (events: ServerEvent[], type: string) => events.flatMap(({ data }) => data.delta?.type === type ? [data.delta] : [])
const blocks = (events: ServerEvent[]) => events.flatMap(({ data }) => data.content_block === undefined ? [] : [data.content_block])

t.test('the newer style, event by event', async (t) => {
  const here = await site(t)
  const conversation = here.begin()
  const { headers, text } = await say(here, conversation, 'count to 2')
  t.match(headers['content-type'], 'text/event-stream')
  const events = parseEvents(text)
  t.same(names(events), [
    'conversation_ready', 'message_start', 'content_block_start', 'ping', 'content_block_delta', 'content_block_delta', 'content_block_stop',
    'message_delta', 'message_limit', 'message_stop'
  ])
  const [human, answer] = conversation.messages
  t.match(events[1]!.data.message, {
    id: /^chatcompl_01/, role: 'assistant', model: 'claude-sonnet-5-5', parent_uuid: human!.uuid, uuid: answer!.uuid, content: [], trace_id: String, request_id: /^req_/
  })
  t.match(events[2]!.data.content_block, { type: 'text', text: '', citations: [], start_timestamp: /^\d{4}-.*Z$/, stop_timestamp: null, flags: null })
  t.match(events.at(-4)!.data, { type: 'content_block_stop', index: 0, stop_timestamp: /Z$/ })
  t.match(events.at(-2)!.data.message_limit, { type: 'within_limit', resetsAt: null, windows: { '5h': { utilization: 0.41 }, '7d': { utilization: 0.05 } } })
})

t.test('usage is nowhere', async (t) => {
  const here = await site(t, EXTRAS)
  t.notMatch((await say(here, here.begin(), 'search for cats')).text, '"usage"')
})

t.test('the model has no name after the first turn', async (t) => {
  const here = await site(t)
  const conversation = here.begin()
  await say(here, conversation, 'say hi')
  t.equal(parseEvents((await say(here, conversation, 'say hi', after(conversation))).text)[0]!.data.message.model, '')
})

for (const [how, fields, settings] of [['the turn', { thinking_mode: 'extended' }, {}], ['the conversation', {}, { paprika_mode: 'extended' }]] as const) {
  t.test(`thinking comes first when ${how} asks for it`, async (t) => {
    const here = await site(t)
    const events = parseEvents((await say(here, here.begin({ settings }), 'say hi', fields)).text)
    t.same(blocks(events).map(({ type }) => type), ['thinking', 'text'])
    t.match(deltas(events, 'thinking_delta').map(({ thinking }) => thinking).join(''), 'The user wrote “say hi”.')
    t.match(deltas(events, 'thinking_summary_delta'), [{ summary: { summary: String } }])
    t.same(deltas(events, 'signature_delta'), [])
  })
}

t.test('a search happens inside the stream', async (t) => {
  const here = await site(t)
  const outcome = await say(here, here.begin(), 'search for cats')
  const events = parseEvents(outcome.text)
  t.same(blocks(events).map(({ type }) => type), ['text', 'tool_use', 'tool_result', 'text'])
  t.equal(blocks(events)[2].tool_use_id, blocks(events)[1].id)
  const json = (index: number) => events.flatMap(({ data }) => data.index === index ? [data.delta?.partial_json ?? ''] : []).join('')
  t.same(JSON.parse(json(1)), { query: 'cats' })
  t.match(JSON.parse(json(2)), [{ type: 'knowledge', title: 'All about cats' }])
  t.equal(deltas(events, 'tool_use_block_update_delta').length, 1)
  t.match(deltas(events, 'citation_start_delta'), [{ citation: { url: 'https://example.com/made-up' } }])
  t.equal(deltas(events, 'citation_end_delta').length, 1)
  t.equal(events.findLast(({ event }) => event === 'message_delta')!.data.delta.stop_reason, 'end_turn')
  t.equal(said(outcome), 'Let me look that up.I found one page about “cats”.')
})

t.test('the rarer events come with -extras-', async (t) => {
  const here = await site(t, EXTRAS)
  const seen = names(parseEvents((await say(here, here.begin(), 'say hi')).text))
  for (const name of ['model_update', 'model_fallback', 'cache_performance', 'compaction_status', 'tool_approval', 'content_block_retract']) t.ok(seen.includes(name), name)
})

t.test('an answer can be cut short', async (t) => {
  const here = await site(t)
  const outcome = await say(here, here.begin(), 'count to 9, stop at 3 tokens')
  t.equal(said(outcome), '1 2 3')
  t.match(outcome.text, '"stop_reason":"max_tokens"')
})

for (const [name, type] of [['approaching', 'approaching_limit'], ['exceeded', 'exceeded_limit']]) {
  t.test(`the limit is ${name}`, async (t) => {
    const here = await site(t, `sk-ant-sid01-made-up-limit-${name}-aaaa`)
    const events = parseEvents((await say(here, here.begin(), 'say hi')).text)
    t.match(events.at(-2)!.data.message_limit, { type, resetsAt: Number, representativeClaim: 'five_hour' })
  })
}

t.test('the quota can be turned', async (t) => {
  const here = await site(t)
  here.web.quota(here.key, { type: 'over_limit', fiveHour: 1.02 })
  t.match(parseEvents((await say(here, here.begin(), 'say hi')).text).at(-2)!.data.message_limit, { type: 'over_limit', windows: { '5h': { utilization: 1.02 } } })
})

for (const mode of ['raw', undefined]) {
  t.test(`the older style when rendering_mode is ${mode}`, async (t) => {
    const here = await site(t)
    const events = parseEvents((await say(here, here.begin(), 'count to 3', { rendering_mode: mode })).text)
    t.same(events.map(({ data }) => [data.type, data.completion, data.stop_reason]), [
      ['completion', '1', null], ['completion', ' 2', null], ['completion', ' 3', null], ['completion', '', 'stop_sequence']
    ])
    t.match(events[0]!.data, { id: /^chatcompl_/, model: 'claude-sonnet-5-5', stop: null, log_id: String, messageLimit: { type: 'within_limit' } })
  })
}

t.test('lines end in CRLF on request', async (t) => {
  const here = await site(t, 'sk-ant-sid01-made-up-fault-crlf-aaaa')
  const { text } = await say(here, here.begin(), 'say hi')
  t.notMatch(text, /[^\r]\n/)
  t.equal(parseEvents(text.replaceAll('\r\n', '\n')).at(-1)!.event, 'message_stop')
})
