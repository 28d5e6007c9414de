import t from 'tap'
import { WebAnswer } from '../../src/translate/web/web-answer.ts'
import { WebTurn, type TurnResult } from '../../src/upstreams/web-turn.ts'
import { webError } from '../../src/upstreams/web-faults.ts'
import { event } from '../helpers/upstream.ts'

const START = event('message_start', { message: { id: 'chatcompl_made_up', type: 'message', role: 'assistant', model: '', uuid: 'a', content: [] } }) +
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Hi' } })

/** What comes of a stream, and what the client was told at last. */
async function turn (text: string): Promise<{ result: TurnResult, told: string[] }> {
  const told: string[] = []
  const answer = new WebAnswer({ id: 'msg_made_up', model: 'claude-sonnet-5-5', stream: true, inputTokens: 1, stopSequences: [] })
  const one = new WebTurn({
    answer,
    client: { start: () => { told.push('start') }, data: () => true, end: () => { told.push('end') }, fail: ({ type }) => { told.push(type) } },
    headers: () => ({}),
    onStart: () => {},
    onOver: () => {},
    errorOf: (fault) => webError(fault, { model: 'claude-sonnet-5-5', now: 0 })
  })
  one.start(200, { 'content-type': 'text/event-stream' })
  one.data(Buffer.from(text))
  return { result: await one.result, told }
}

const limit = (reset: number) => JSON.stringify({ type: 'exceeded_limit', resetsAt: reset, representativeClaim: 'five_hour' })

t.test('a rate limit that is told in the middle of an answer is told of the session too', async (t) => {
  const { result, told } = await turn(START + event('error', { error: { type: 'rate_limit_error', message: limit(4_000_000_000) } }))
  t.match(result, { kind: 'failed', fault: { row: { kind: 'rate_limited' }, claim: 'five_hour' } })
  t.same(told, ['start', 'rate_limit_error'])
})

t.test('the code of an error in a stream counts as evidence, whatever its words', async (t) => {
  const error = (code: string) => event('error', { error: { type: 'permission_error', message: 'No.', details: { error_code: code } } })
  t.match((await turn(error('account_session_invalid'))).result, { kind: 'fault', fault: { row: { kind: 'dead' } } })
  t.match((await turn(error('model_not_allowed'))).result, { kind: 'fault', fault: { row: { kind: 'model_unavailable' } } })
  t.match((await turn(START + error('account_session_invalid'))).result, { kind: 'failed', fault: { row: { kind: 'dead' } } })
})

t.test('a stream that breaks off says nothing of the session', async (t) => {
  const one = await turn(START + event('message_delta', { delta: { stop_reason: 'end_turn' } }) + event('message_stop'))
  t.match(one, { result: { kind: 'told' }, told: ['start', 'end'] })
})
