import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { WEB_FAULTS, type WebFaultKind } from '../../src/upstreams/web-fault-table.ts'
import { webFaultOf, webFaultOfStream } from '../../src/upstreams/web-faults.ts'
import { event } from '../helpers/upstream.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')

interface Sample { status: number, error?: object, body?: string, headers?: Record<string, string> }

function read ({ status, error, body, headers = {} }: Sample) {
  return webFaultOf({ status, headers, bytes: Buffer.from(body ?? JSON.stringify({ type: 'error', error })) }, NOW)
}

const permission = (message: string, code?: string) => ({ type: 'permission_error', message, ...code && { details: { error_code: code, error_visibility: 'user_facing' } } })
const invalid = (message: string) => ({ type: 'invalid_request_error', message })
const HTML = { 'content-type': 'text/html; charset=UTF-8' }

/** An answer for every row of the table. */
const SAMPLES: Record<string, Sample> = {
  session_invalid: { status: 403, error: permission('Invalid authorization', 'account_session_invalid') },
  model_code: { status: 403, error: permission('made up', 'model_not_allowed') },
  conversation_code: { status: 404, error: permission('made up', 'conversation_not_found') },
  mitigated: { status: 403, body: '<title>Just a moment...</title>', headers: { ...HTML, 'cf-mitigated': 'challenge' } },
  redirect: { status: 302, body: '', headers: { location: 'https://claude.ai/made-up' } },
  page: { status: 403, body: '<!doctype html>', headers: HTML },
  overloaded: { status: 529, error: { type: 'overloaded_error', message: 'Overloaded' } },
  server_error: { status: 502, body: '<html>bad gateway</html>', headers: HTML },
  disabled: { status: 400, error: invalid('This organization has been disabled.') },
  wrong_organization: { status: 403, error: permission('Invalid authorization for organization') },
  invalid_authorization: { status: 403, error: permission('Invalid authorization') },
  rate_limit: { status: 429, error: { type: 'rate_limit_error', message: 'made up' } },
  rate_limit_event: { status: 400, error: { type: 'rate_limit_error', message: 'made up' } },
  too_large: { status: 413, body: '' },
  too_long: { status: 400, error: invalid('prompt is too long: 300000 tokens > 200000 maximum') },
  model_unavailable: { status: 403, error: permission('This model isn\'t available right now. You can switch to another model to go on.') },
  unauthenticated: { status: 401, error: { type: 'authentication_error', message: 'made up' } },
  unauthorized: { status: 401, error: permission('made up') },
  conversation: { status: 400, error: invalid('Conversation does not exist') },
  conversation_type: { status: 404, error: { type: 'not_found_error', message: 'Not found' } },
  empty_refusal: { status: 400, body: '' },
  forbidden: { status: 403, error: permission('made up') },
  request: { status: 400, error: invalid('timezone: Field required') },
  refused: { status: 422, error: { type: 'made_up_error', message: 'made up' } },
  unknown: { status: 418, body: 'tea' }
}

for (const row of WEB_FAULTS) {
  t.test('no cookie is in what is kept of claude.ai\'s words, nor a part of one that the cut would leave', async (t) => {
    const cookie = `sk-ant-sid01-made-up-${'x'.repeat(100)}`
    for (const before of [0, 200, 290]) {
      const message = `${'-'.repeat(before)}${cookie} is no good`
      const fault = webFaultOf({ status: 403, headers: { 'content-type': 'application/json' }, bytes: Buffer.from(JSON.stringify({ error: { type: 'permission_error', message } })) }, 0)
      t.notMatch(fault!.text!, 'made-up', String(before))
    }
  })

  t.test(`${row.name}: ${row.meaning}`, async (t) => {
    const sample = SAMPLES[row.name]
    t.ok(sample, 'has a sample')
    t.equal(read(sample!)?.row.name, row.name)
  })
}

t.test('only evidence about the session ends it', async (t) => {
  const fine: Sample[] = [
    { status: 403, body: '' }, { status: 401, body: '' }, { status: 403, body: 'Forbidden' }, { status: 403, error: {} },
    { status: 401, body: '<html>', headers: HTML }, { status: 403, error: permission('Invalid authorization for organization') },
    { status: 403, error: permission('Invalid model') }, { status: 500, error: { type: 'authentication_error', message: 'Invalid authorization' } },
    { status: 403, body: '"account_session_invalid"' }
  ]
  for (const sample of fine) t.not(read(sample)?.row.kind, 'dead', JSON.stringify(sample))
})

t.test('the error code is worth more than anything else', async (t) => {
  const error = permission('This model isn\'t available right now.', 'account_session_invalid')
  t.equal(read({ status: 403, error, headers: { 'cf-mitigated': 'challenge' } })?.row.kind, 'dead')
})

t.test('other wordings', async (t) => {
  const kinds: Array<[string, WebFaultKind]> = [
    ['This conversation is too long to continue. Start a new one.', 'too_long'],
    ['model: claude-made-up not found', 'model_unavailable'],
    ['This model isn’t available right now.', 'model_unavailable'],
    ['model_not_allowed', 'model_unavailable'],
    ['Your account has been suspended', 'disabled'],
    ['Conversation not found', 'conversation_gone']
  ]
  for (const [message, kind] of kinds) t.equal(read({ status: 400, error: invalid(message) })?.row.kind, kind, message)
})

t.test('an error in a stream is read by the same table', async (t) => {
  const kinds: Array<[unknown, WebFaultKind]> = [
    [{ type: 'overloaded_error', message: 'Overloaded' }, 'upstream'],
    [{ type: 'rate_limit_error', message: '{"type":"exceeded_limit","resetsAt":1795348860}' }, 'rate_limited'],
    [invalid('prompt is too long'), 'too_long'],
    [invalid('made up'), 'request'],
    [permission('Invalid authorization', 'account_session_invalid'), 'dead'],
    [{ type: 'api_error', message: 'made up' }, 'upstream'],
    [null, 'upstream'], ['rate_limit_error', 'upstream'], [{}, 'upstream']
  ]
  for (const [error, kind] of kinds) t.equal(webFaultOfStream(error, NOW).row.kind, kind, JSON.stringify(error))
})

t.test('an error that opens a stream is one, a good answer is none', async (t) => {
  const first = (name: string, data: object) => ({ status: 200, body: event(name, data), headers: { 'content-type': 'text/event-stream' } })
  t.equal(read(first('error', { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }))?.row.name, 'overloaded')
  t.equal(read(first('message_start', { type: 'message_start' })), null)
  t.equal(read({ status: 201, body: '{"uuid":"made-up"}' }), null)
  t.equal(read({ status: 204, body: '' }), null)
  t.equal(read({ status: 200, body: '<html>', headers: HTML })?.row.kind, 'challenge')
})

t.test('claude.ai\'s words are kept, cut short, but not what is meant for machines', async (t) => {
  t.equal(read({ status: 500, error: { message: 'x'.repeat(1_000) } })?.text?.length, 300)
  t.equal(read({ status: 429, error: { message: 'Slow down' } })?.text, 'Slow down')
  t.equal(read({ status: 429, error: { message: '{"type":"exceeded_limit"}' } })?.text, null)
})

t.test('no answer brings about anything but a fault', async (t) => {
  const error = fc.record({ type: fc.jsonValue(), message: fc.oneof(fc.jsonValue(), fc.json()), details: fc.jsonValue(), resets_at: fc.jsonValue() })
  const body = fc.oneof(fc.string(), fc.json(), error.map((error) => JSON.stringify({ error })))
  fc.assert(fc.property(fc.integer({ min: 300, max: 599 }), body, (status, body) => {
    const fault = read({ status, body })
    return fault !== null && (fault.row.kind === 'rate_limited') === (fault.until !== null)
  }))
  t.pass()
})

t.test('docs/web-mode.md shows the table as it is', async (t) => {
  const docs = readFileSync(new URL('../../docs/web-mode.md', import.meta.url), 'utf8')
  const rows = WEB_FAULTS.map(({ name, meaning, kind }) => `| \`${name}\` | ${meaning} | ${kind} |`)
  const section = docs.slice(docs.indexOf('## What an answer of claude.ai means')).split(/\n(?=## )/)[0]!
  t.same(section.split('\n').filter((line) => line.startsWith('| `')), rows)
})
