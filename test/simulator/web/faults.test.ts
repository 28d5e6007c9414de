import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { randomUUID } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { WEB_FAULTS } from '../../../src/simulator/web/faults.ts'
import { exchange, parseEvents, textOf, type Outcome } from '../helpers.ts'
import { conversationsPath, cookieOf, say, site, startSaying, type Site } from './helpers.ts'

const NOW = Date.UTC(2026, 10, 24)
/** Epoch seconds of the resets, a minute on. */
const RESET = NOW / 1_000 + 60

type Check = (t: Test, outcome: Outcome) => void

const refused = (status: number, type: string, message: string | RegExp, details?: object): Check => (t, outcome) => {
  t.equal(outcome.status, status)
  t.match(JSON.parse(outcome.text), { type: 'error', error: { type, message, ...details !== undefined && { details } }, request_id: null })
}

/** A 429 whose message is JSON. */
const limited = (fields: object, more: object = {}): Check => (t, outcome) => {
  refused(429, 'rate_limit_error', String as never)(t, outcome)
  const { error } = JSON.parse(outcome.text)
  t.match(JSON.parse(error.message), { type: 'exceeded_limit', remaining: 0, ...fields })
  t.match(error, more)
}

/** A 429 in words, with the reset in a header or nowhere. */
const limitedInWords = (headers: object): Check => (t, outcome) => {
  refused(429, 'rate_limit_error', /^You've reached your usage limit/)(t, outcome)
  t.match(outcome.headers, headers)
}

const plain = (status: number, text: string | RegExp, headers: object): Check => (t, outcome) => t.match(outcome, { status, text, headers })

const invalidSession = refused(403, 'permission_error', 'Invalid authorization', { error_code: 'account_session_invalid', error_visibility: 'user_facing' })
const internal = refused(500, 'api_error', 'Internal server error')
const challenge = plain(403, /Just a moment/, { 'content-type': /^text\/html/, 'cf-mitigated': 'challenge' })
const reset: Check = (t, outcome) => t.match(outcome, { status: undefined, error: 'ECONNRESET' })

const whole: Check = (t, { text }) => t.equal(textOf(parseEvents(text)), '1 2 3 4 5 6 7 8 9')

/** The events that came whole. */
const wholeEvents = (text: string) => parseEvents(text.slice(0, text.lastIndexOf('\n\n') + 2)).map(({ event }) => event)

const broken: Check = (t, { text, complete }) => {
  t.ok(wholeEvents(text).includes('message_start'))
  t.notOk(wholeEvents(text).includes('message_stop'))
  t.notOk(complete)
}

/** What a client sees of each fault. The silent ones are below: they do not end. */
const SEEN: Record<string, Check> = {
  unauthenticated: refused(401, 'authentication_error', 'Invalid authorization'),
  'session-invalid': invalidSession,
  'wrong-organization': refused(403, 'permission_error', 'Invalid authorization for organization'),
  'model-not-in-plan': refused(403, 'permission_error', /^This model isn't available right now\./),
  'invalid-model': refused(403, 'permission_error', 'Invalid model'),
  'bare-403': plain(403, 'Forbidden', {}),
  challenge,
  redirect: plain(302, '', { location: 'https://claude.invalid/login' }),
  'org-disabled': refused(400, 'invalid_request_error', 'This organization has been disabled.'),
  'empty-400': plain(400, '', {}),
  'not-found': refused(404, 'not_found_error', 'Conversation not found', { error_code: 'conversation_not_found' }),
  'too-long': refused(400, 'invalid_request_error', 'prompt is too long'),
  'conversation-too-long': refused(400, 'invalid_request_error', /^This conversation is too long/),
  413: refused(413, 'request_too_large', 'prompt is too long'),
  limit: limited({ resetsAt: RESET, perModelLimit: false, representativeClaim: 'five_hour', windows: { '5h': { resets_at: RESET } } }),
  'limit-ms': limited({ resetsAt: RESET * 1_000 }),
  'limit-rfc3339': limited({ resetsAt: '2026-11-24T00:01:00.000Z' }),
  'limit-outside': limited({ resetsAt: null }, { resets_at: RESET }),
  'limit-far': limited({ resetsAt: NOW / 1_000 + 21 * 86_400 }),
  'limit-week': limited({ representativeClaim: 'seven_day' }),
  'limit-model': limited({ perModelLimit: true }),
  concurrents: limited({ resetsAt: null, representativeClaim: 'concurrents' }),
  'limit-words': limitedInWords({ 'retry-after': undefined }),
  'limit-header': limitedInWords({ 'anthropic-ratelimit-unified-reset': String(RESET) }),
  'limit-retry-after': limitedInWords({ 'retry-after': '60' }),
  'limit-retry-date': limitedInWords({ 'retry-after': 'Tue, 24 Nov 2026 00:01:00 GMT' }),
  500: internal,
  502: plain(502, /<h1>502 Bad Gateway/, { 'content-type': 'text/html' }),
  529: refused(529, 'overloaded_error', 'Overloaded'),
  'error-first': (t, { status, text, complete }) => {
    t.equal(status, 200)
    t.same(parseEvents(text).map(({ data }) => data), [{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }])
    t.ok(complete)
  },
  'limit-first': (t, { status, text, complete }) => {
    t.equal(status, 200)
    t.match(parseEvents(text).map(({ data }) => data), [{ type: 'error', error: { type: 'rate_limit_error', resets_at: RESET } }])
    t.ok(complete)
  },
  'error-mid': (t, { text, complete }) => {
    t.equal(textOf(parseEvents(text)), '1')
    t.equal(parseEvents(text).at(-1)!.event, 'error')
    t.ok(complete)
  },
  crlf: (t, { text }) => t.match(text, /^event: conversation_ready\r\ndata: \{[^\n]*\}\r\n\r\n/),
  'reset-before': reset,
  'reset-mid': broken,
  'close-mid': broken,
  truncate: (t, { text, complete }) => {
    t.ok(wholeEvents(text).includes('message_start'))
    t.notOk(wholeEvents(text).includes('message_stop'))
    t.ok(complete)
  },
  pause: whole,
  slow: whole,
  bytewise: whole,
  'split-utf8': whole,
  gzip: (t, { headers, chunks }) => {
    t.equal(headers['content-encoding'], 'gzip')
    t.match(gunzipSync(Buffer.concat(chunks)).toString(), 'message_stop')
  },
  html: plain(200, /^<!DOCTYPE html>/, { 'content-type': /^text\/html/ }),
  'organizations-session-invalid': invalidSession,
  'organizations-challenge': challenge,
  'organizations-redirect': plain(302, '', { location: '/login' }),
  'organizations-500': internal,
  'organizations-reset': reset,
  'create-session-invalid': invalidSession,
  'create-challenge': challenge,
  'create-limit': limited({ resetsAt: RESET }),
  'create-500': internal,
  'create-reset': reset,
  'upload-413': refused(413, 'request_too_large', 'File is too large'),
  'upload-500': internal,
  'upload-reset': reset,
  'delete-500': internal,
  'delete-challenge': challenge,
  'delete-reset': reset
}

const SILENT = ['silence', 'silence-mid', 'silence-before']

/** A request to the endpoint at which a fault belongs. */
async function meet (here: Site, at: string): Promise<Outcome> {
  const headers = cookieOf(here.key)
  switch (at) {
    case 'organizations': return exchange(here.url, undefined, headers, '/api/organizations')
    case 'create': return exchange(here.url, { uuid: randomUUID(), name: '' }, headers, conversationsPath(here))
    case 'upload': return exchange(here.url, {}, { ...headers, ...FORM }, `/api/${here.organization}/upload`)
    case 'delete': return deletion(here)
    default: return say(here, here.begin(), 'count to 9')
  }
}

/** The body of `{}` is no form, which only matters where the request is let in. */
const FORM = { 'content-type': 'multipart/form-data; boundary=made-up' }

async function deletion (here: Site): Promise<Outcome> {
  const outcome: Outcome = { status: undefined, headers: {}, chunks: [], text: '', complete: false, error: undefined }
  try {
    const response = await fetch(here.url + conversationsPath(here, here.begin().uuid), { method: 'DELETE', headers: cookieOf(here.key) })
    return { ...outcome, status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() }
  } catch (error) {
    return { ...outcome, error: ((error as Error).cause as NodeJS.ErrnoException).code }
  }
}

t.test('each fault has a test', async (t) => {
  t.same([...Object.keys(SEEN), ...SILENT].sort(), Object.keys(WEB_FAULTS).sort())
})

for (const [name, check] of Object.entries(SEEN)) {
  const { at, does } = WEB_FAULTS[name]!
  if (name === 'upload-reset') continue
  t.test(`a client of ${at} meets ${name}: ${does}`, async (t) => {
    const here = await site(t, `sk-ant-sid01-made-up-fault-${name}${['pause', 'slow'].includes(name) ? '_ms_5' : ''}-aaaa`, { clock: () => NOW })
    check(t, await meet(here, at))
  })
}

t.test('a file is kept, then the connection is reset', async (t) => {
  const here = await site(t, 'sk-ant-sid01-made-up-fault-upload-reset-aaaa')
  const form = new FormData()
  form.append('file', new Blob(['made up']), 'made-up.txt')
  await t.rejects(fetch(`${here.url}/api/${here.organization}/upload`, { method: 'POST', headers: cookieOf(here.key), body: form }))
  t.equal(here.web.uploads.size, 1)
})

t.test('a conversation is made, then the connection is reset', async (t) => {
  const here = await site(t, 'sk-ant-sid01-made-up-fault-create-reset-aaaa')
  await meet(here, 'create')
  t.equal(here.web.conversations.size, 1)
})

t.test('a conversation is deleted, then the connection is reset', async (t) => {
  const here = await site(t, 'sk-ant-sid01-made-up-fault-delete-reset-aaaa')
  await meet(here, 'delete')
  t.equal(here.web.conversations.size, 0)
})

for (const [name, before] of [['error-first', ''], ['error-mid', '1']] as const) {
  t.test(`${name} in the older style has no type around the error`, async (t) => {
    const here = await site(t, `sk-ant-sid01-made-up-fault-${name}-aaaa`)
    const { text } = await say(here, here.begin(), 'count to 9', { rendering_mode: 'raw' })
    const data = text.trim().split('\n\n').map((event) => JSON.parse(event.split('\ndata: ')[1]!))
    t.equal(data.map(({ completion = '' }) => completion).join(''), before)
    t.same(data.at(-1), { error: { type: 'overloaded_error', message: 'Overloaded' } })
  })
}

for (const name of SILENT) {
  t.test(`${name} lasts until the client goes away`, async (t) => {
    const here = await site(t, `sk-ant-sid01-made-up-fault-${name}-aaaa`)
    const conversation = here.begin()
    const outgoing = startSaying(here, conversation, 'count to 9')
    outgoing.on('error', () => {})
    if (name === 'silence-before') await once(here.app.simulator, 'request')
    else {
      const [response] = await once(outgoing, 'response') as [IncomingMessage]
      if (name === 'silence-mid') await once(response, 'data')
    }
    const aborted = once(here.app.simulator, 'aborted')
    outgoing.destroy()
    await aborted
    t.equal(conversation.messages[1]!.stop_reason, 'user_canceled')
  })
}

t.test('a refusal leaves no turn behind', async (t) => {
  const here = await site(t, 'sk-ant-sid01-made-up-fault-529-aaaa')
  const conversation = here.begin()
  await say(here, conversation, 'say hi')
  t.same(conversation.messages, [])
})

t.test('with after and times, only the requests between meet the fault', async (t) => {
  const here = await site(t, 'sk-ant-sid01-made-up-fault-529_after_1_times_2-aaaa')
  const statuses: Array<number | undefined> = []
  for (let request = 0; request < 4; request++) statuses.push((await say(here, here.begin(), 'say hi')).status)
  t.same(statuses, [200, 529, 529, 200])
})

t.test('a fault is met at its own endpoint only', async (t) => {
  const here = await site(t, 'sk-ant-sid01-made-up-fault-delete-500-aaaa')
  t.match(await Promise.all(['organizations', 'create', 'completion', 'delete'].map(async (at) => (await meet(here, at)).status)), [200, 201, 200, 500])
})

t.test('the reset is as far away as asked for', async (t) => {
  const here = await site(t, 'sk-ant-sid01-made-up-fault-limit_in_5-aaaa', { clock: () => NOW })
  limited({ resetsAt: NOW / 1_000 + 5 })(t, await say(here, here.begin(), 'say hi'))
})
