import t from 'tap'
import { MadeFilesTap } from '../../src/upstreams/made-files-tap.ts'
import { GatewayError } from '../../src/errors.ts'

const EVENTS = Buffer.from([
  '{"type":"message_start","message":{"container":{"id":"container_011CSxyzABCDEFGH","expires_at":"2026-11-22T12:00:00Z"}}}',
  '{"type":"content_block_start","content_block":{"type":"code_execution_tool_result","content":{"content":[{"type":"code_execution_output","file_id": "file_011CNha8iCJcU1wXNR6q4V8w"}]}}}',
  '{"type":"content_block_delta","delta":{"type":"text_delta","text":"\\"file_id\\":\\"file_saidByTheModel01\\""}}'
].map((data) => `data: ${data}\n\n`).join(''))
const MADE = ['container_011CSxyzABCDEFGH', 'file_011CNha8iCJcU1wXNR6q4V8w']

function tap () {
  const made: string[] = []
  const calls: unknown[] = []
  const it = new MadeFilesTap({
    start: (status) => { calls.push(status) },
    data: (chunk) => { calls.push(chunk); return calls.length < 3 },
    end: () => { calls.push('end') },
    fail: (error) => { calls.push(error.code) }
  }, (ids) => { made.push(...ids) })
  return { it, made, calls }
}

t.test('what tools made is noted once, wherever the answer is cut; what the model says is not', async (t) => {
  for (let at = 0; at <= EVENTS.length; at++) {
    const { it, made } = tap()
    it.data(EVENTS.subarray(0, at))
    it.data(EVENTS.subarray(at))
    it.data(EVENTS)
    t.same(made, MADE, `cut at ${at}`)
  }
})

t.test('everything is handed on as it came', async (t) => {
  const { it, calls } = tap()
  it.start(200, {})
  t.equal(it.data(EVENTS), true)
  t.equal(it.data(EVENTS), false, 'and so is the wish for a pause')
  it.end()
  it.fail(new GatewayError('api_error', 'made up', { code: 'made_up' }))
  t.same(calls, [200, EVENTS, EVENTS, 'end', 'made_up'])
})
