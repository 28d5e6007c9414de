import t from 'tap'
import { event, read, START, stream, textStream, type StreamName } from './helpers/web-streams.ts'
import { parseEvents } from '../../helpers/sse.ts'

const MIB = 1024 * 1024

t.test('an error in the middle ends the answer, but not properly', async (t) => {
  const { answer, told } = read([stream('error')])
  t.same(answer.error, { type: 'overloaded_error', message: 'Overloaded', code: 'made_up', resetsAt: null, limit: null })
  t.notOk(answer.over)
  t.equal(answer.text, 'I was ', 'and nothing behind it is read')
  t.same(parseEvents(told).map(({ event }) => event), ['message_start', 'content_block_start', 'content_block_delta'])
  t.equal(read([stream('error')], { stream: false }).told, '')
})

t.test('an error of a limit says until when', async (t) => {
  const { answer, told } = read([stream('limit-error')])
  t.match(answer.error, { type: 'rate_limit_error', resetsAt: 1_790_000_000_000, limit: { state: 'exceeded', claim: 'five_hour' } })
  t.match(answer.error?.message, /^\{"type":"exceeded_limit"/, 'its message stays as it is')
  t.equal(told, '')
})

t.test('errors of the legacy style', async (t) => {
  const { answer } = read([stream('legacy-error')])
  t.same(answer.error, { type: 'rate_limit_error', message: 'Slow down', code: null, resetsAt: 1_790_000_000_000, limit: null })
  t.match([answer.over, answer.text], [false, ' Hi'])
  const inside = event('completion', { completion: '', error: { type: 'overloaded_error', message: 'Busy' }, stop_reason: 'error' })
  t.match(read([Buffer.from(inside)]).answer, { over: false, error: { type: 'overloaded_error', message: 'Busy' } })
  t.equal(read([Buffer.from(START + event('completion', { error: null }))]).answer.error, null)
})

t.test('an error that says nothing is one', async (t) => {
  for (const error of [undefined, null, {}, [], { type: 1, message: [] }]) {
    t.match(read([Buffer.from(event('error', { error }))]).answer.error, { type: 'api_error', message: /without saying which/ })
  }
  t.match(read([Buffer.from('data: {"error":"in words"}\n\n')]).answer.error, { type: 'api_error', message: 'in words' })
})

t.test('what is not the protocol is an error', async (t) => {
  t.match(read([Buffer.from(`${START}data: <html>\n\n${textStream(['a'])}`)]).answer, { over: false, error: { message: /not JSON/ }, text: '' })
  t.match(read([Buffer.from('data: [DONE]\n\n')]).answer, { over: false, error: { message: /not JSON/ } })
})

t.test('an event that is too long is an error, in whatever pieces and lines it comes', async (t) => {
  const piece = Buffer.alloc(MIB, 0x20)
  const line = Buffer.concat([Buffer.from('data: '), piece, Buffer.from('\n')])
  for (const pieces of [[START, ...Array<Buffer>(5).fill(piece)], [START, ...Array<Buffer>(5).fill(line)], [Buffer.concat([Buffer.from(START), Buffer.alloc(5 * MIB, 0x20), Buffer.from('\n')])]]) {
    const { answer } = read(pieces.map((bytes) => Buffer.from(bytes)))
    t.match(answer, { over: false, error: { type: 'api_error', message: /more than 4 MiB/ } })
  }
  const most = 'x'.repeat(3 * MIB)
  t.equal(read([Buffer.from(textStream([most, most]))]).answer.text, most + most, 'each event counts for itself')
})

t.test('a stream that breaks off is neither over nor an error', async (t) => {
  const { answer } = read([stream('cut-off')])
  t.match(answer, { over: false, stopped: false, error: null, text: 'I was about to', limit: { state: 'within' } })
})

t.test('events of any other form are passed over', async (t) => {
  const odd = ['[]', '1', 'null', '"x"', '{}', '{"type":7}', '{"type":"message_limit","message_limit":[]}', '{"type":"content_block_start"}',
    '{"type":"content_block_delta","index":0}', '{"type":"content_block_delta","index":"0","delta":{"type":"text_delta","text":"no"}}',
    '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":7}}', '{"type":"message_delta"}', '{"type":"model_update"}',
    '{"type":"__proto__"}', '{"type":"message_start"}', '{"type":"completion"}', ''].map((data) => `data: ${data}\n\n`).join('')
  const bytes = textStream(['a', 'b']).replaceAll('\n\n', `\n\n${odd}`).replace(/^/, odd)
  t.match(read([Buffer.from(bytes)]).answer, { over: true, error: null, text: 'ab' })
})

t.test('after an end or an error nothing is read', async (t) => {
  for (const name of ['messages', 'legacy', 'error'] satisfies StreamName[]) {
    const { answer } = read([stream(name)])
    const { text, error } = answer
    t.equal(answer.read(Buffer.from(textStream(['more']))).length, 0)
    t.same([answer.text, answer.error], [text, error])
  }
})
