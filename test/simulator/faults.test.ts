import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { FAULTS } from '../../src/simulator/faults.ts'
import { bodyOf, exchange, listening, open, parseEvents, textOf, type Outcome } from './helpers.ts'

const STREAM = bodyOf('count to 9', { stream: true })
const PLAIN = bodyOf('count to 9')
const fault = (wish: string) => ({ 'anthropic-simulator-fault': wish })

type Check = (t: Test, outcome: Outcome) => void

/** An answer with a status, in the envelope of the API. */
const answered = (status: number, type: string, message: string | RegExp, retry: boolean): Check => (t, outcome) => {
  t.equal(outcome.status, status)
  t.match(JSON.parse(outcome.text), { type: 'error', error: { type, message }, request_id: outcome.headers['request-id'] })
  t.equal(outcome.headers['x-should-retry'], String(retry))
}

const limited: Check = answered(429, 'rate_limit_error', /would exceed your organization's rate limit/, true)

/** The last complete event, and what comes behind it. */
function tail (text: string): { whole: ReturnType<typeof parseEvents>, rest: string } {
  const end = text.lastIndexOf('\n\n') + 2
  return { whole: parseEvents(text.slice(0, end)), rest: text.slice(end) }
}

const names = (text: string) => parseEvents(text).map(({ event }) => event)

/** What a client sees of each fault on a stream. The silent ones are below: they do not end. */
const STREAMED: Record<string, Check> = {
  400: answered(400, 'invalid_request_error', 'messages.0.content: Input should be a valid list', false),
  401: answered(401, 'authentication_error', 'invalid x-api-key', false),
  403: answered(403, 'permission_error', /does not have permission/, false),
  404: answered(404, 'not_found_error', 'model: claude-unknown', false),
  413: answered(413, 'request_too_large', 'Request exceeds the maximum size', false),
  429: (t, outcome) => {
    limited(t, outcome)
    t.equal(outcome.headers['retry-after'], '1')
    t.equal(outcome.headers['anthropic-ratelimit-requests-remaining'], '0')
  },
  '429-date': (t, outcome) => {
    limited(t, outcome)
    t.match(outcome.headers['retry-after'], /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)
  },
  '429-none': (t, outcome) => {
    limited(t, outcome)
    t.equal(outcome.headers['retry-after'], undefined)
  },
  500: answered(500, 'api_error', 'Internal server error', true),
  529: answered(529, 'overloaded_error', 'Overloaded', true),
  credit: answered(400, 'invalid_request_error', /^Your credit balance is too low/, false),
  'prompt-too-long': answered(400, 'invalid_request_error', 'prompt is too long: 1000001 tokens > 1000000 maximum', false),
  'overloaded-first': (t, { status, text, complete }) => {
    t.equal(status, 200)
    t.match(parseEvents(text), [{ event: 'error', data: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' }, request_id: /^req_/ } }])
    t.ok(complete)
  },
  'error-mid': (t, { text, complete }) => {
    const seen = names(text)
    t.equal(seen[0], 'message_start')
    t.equal(seen.at(-1), 'error')
    t.notOk(seen.includes('message_stop'))
    t.ok(complete)
  },
  'reset-before': (t, { status, error }) => {
    t.equal(status, undefined)
    t.equal(error, 'ECONNRESET')
  },
  'reset-mid': (t, { text, complete, error }) => {
    const { whole, rest } = tail(text)
    t.equal(whole[0]?.event, 'message_start')
    t.match(rest, /^event: content_block_delta\n/)
    t.notOk(complete)
    t.equal(error, 'ECONNRESET')
  },
  'close-mid': (t, { text, complete }) => {
    const { whole, rest } = tail(text)
    t.equal(whole[0]?.event, 'message_start')
    t.not(rest, '')
    t.notOk(complete)
  },
  truncate: (t, { text, complete }) => {
    t.ok(complete)
    t.equal(names(text)[0], 'message_start')
    t.notOk(names(text).includes('message_stop'))
  },
  pause: (t, { chunks, text }) => {
    t.same(names(chunks[0]!.toString()), ['message_start'])
    t.equal(names(text).at(-1), 'message_stop')
  },
  slow: (t, { chunks, text }) => {
    t.equal(chunks.length, parseEvents(text).length)
  },
  bytewise: (t, { chunks, text }) => {
    t.ok(chunks.every(({ length }) => length === 1))
    t.equal(textOf(parseEvents(text)), '1 2 3 4 5 6 7 8 9')
  },
  'split-utf8': (t, { chunks, text }) => {
    t.ok(chunks.length > parseEvents(text).length)
    t.equal(textOf(parseEvents(text)), '1 2 3 4 5 6 7 8 9')
  },
  gzip: (t, { headers, chunks }) => {
    t.equal(headers['content-encoding'], 'gzip')
    t.equal(names(gunzipSync(Buffer.concat(chunks)).toString()).at(-1), 'message_stop')
  },
  html: (t, { status, headers, text }) => {
    t.equal(status, 200)
    t.match(headers['content-type'], /^text\/html/)
    t.match(text, /^<!DOCTYPE html>/)
  }
}

const SILENT = ['silence', 'silence-mid', 'silence-before']

t.test('each fault has a test', async (t) => {
  t.same([...Object.keys(STREAMED), ...SILENT].sort(), Object.keys(FAULTS).sort())
})

for (const [name, check] of Object.entries(STREAMED)) {
  t.test(`a stream meets ${name}: ${FAULTS[name]?.does}`, async (t) => {
    const { url } = await listening(t)
    check(t, await exchange(url, STREAM, fault(`${name};ms=5`)))
  })
}

t.test('silence comes behind the headers', async (t) => {
  const { url } = await listening(t)
  const outgoing = open(url, STREAM, fault('silence'))
  t.teardown(() => outgoing.destroy())
  const [response] = await once(outgoing, 'response') as [IncomingMessage]
  t.match(response.headers['content-type'], 'text/event-stream')
})

t.test('silence-mid comes behind some events', async (t) => {
  const { url } = await listening(t)
  const outgoing = open(url, STREAM, fault('silence-mid'))
  t.teardown(() => outgoing.destroy())
  const [response] = await once(outgoing, 'response') as [IncomingMessage]
  const [chunk] = await once(response, 'data') as [Buffer]
  t.match(chunk.toString(), /^event: message_start\n/)
})

for (const name of SILENT) {
  t.test(`${name} lasts until the client goes away`, async (t) => {
    const { app, url } = await listening(t)
    const outgoing = open(url, STREAM, fault(name))
    outgoing.on('error', () => {})
    await once(app.simulator, 'request')
    const aborted = once(app.simulator, 'aborted')
    outgoing.destroy()
    await aborted
    t.match(app.simulator, { open: 0, finished: 0, aborted: 1 })
  })

  t.test(`${name} does not keep the simulator from closing`, async (t) => {
    const { app, url } = await listening(t)
    const outcome = exchange(url, STREAM, fault(name))
    await once(app.simulator, 'request')
    await app.close()
    t.equal((await outcome).complete, false)
  })
}

t.test('multi-byte characters are really cut by split-utf8', async (t) => {
  const { url } = await listening(t)
  const { chunks, text } = await exchange(url, bodyOf('say 世界 👋', { stream: true }), fault('split-utf8'))
  t.ok(chunks.some((chunk) => chunk.toString().includes('\uFFFD')))
  t.equal(textOf(parseEvents(text)), '世界 👋')
})

t.test('a request for JSON that would be overloaded in its stream gets a status', async (t) => {
  const { url } = await listening(t)
  answered(529, 'overloaded_error', 'Overloaded', true)(t, await exchange(url, PLAIN, fault('overloaded-first')))
})

t.test('JSON is cut short too', async (t) => {
  const { url } = await listening(t)
  const { status, text, complete } = await exchange(url, PLAIN, fault('truncate'))
  t.equal(status, 200)
  t.ok(complete)
  t.throws(() => JSON.parse(text))
})

t.test('JSON is broken off by a reset', async (t) => {
  const { url } = await listening(t)
  t.match(await exchange(url, PLAIN, fault('reset-mid')), { status: 200, text: /^\{"id":"msg_/, complete: false, error: 'ECONNRESET' })
})

t.test('JSON comes bytewise and whole', async (t) => {
  const { url } = await listening(t)
  t.match(JSON.parse((await exchange(url, PLAIN, fault('bytewise'))).text), { content: [{ text: '1 2 3 4 5 6 7 8 9' }] })
})

t.test('retry-after is as long as asked for', async (t) => {
  const { url } = await listening(t)
  t.equal((await exchange(url, STREAM, fault('429;retry-after=30'))).headers['retry-after'], '30')
})

t.test('the date of retry-after is never too early', async (t) => {
  const now = Date.UTC(2026, 10, 22, 10, 0, 0, 1)
  const { url } = await listening(t, { clock: () => now })
  t.equal((await exchange(url, STREAM, fault('429-date;retry-after=3'))).headers['retry-after'], 'Sun, 22 Nov 2026 10:00:04 GMT')
})

t.test('a fault that is over lets the retry through', async (t) => {
  const { url } = await listening(t)
  const statuses: Array<number | undefined> = []
  for (let request = 0; request < 3; request++) statuses.push((await exchange(url, STREAM, fault('529;times=2'))).status)
  t.same(statuses, [529, 529, 200])
})

t.test('a key brings its fault with it', async (t) => {
  const { url } = await listening(t)
  t.equal((await exchange(url, STREAM, { 'x-api-key': 'sk-ant-sim-fault-403-aaaa' })).status, 403)
})

t.test('the other routes meet faults too', async (t) => {
  const { url } = await listening(t)
  t.equal((await exchange(url, undefined, fault('500'), '/v1/models')).status, 500)
})

t.test('a request that is broken off on purpose is no abort of the client', async (t) => {
  const { app, url } = await listening(t)
  const finished = once(app.simulator, 'finished')
  await exchange(url, STREAM, fault('reset-mid'))
  await finished
  t.match(app.simulator, { open: 0, finished: 1, aborted: 0 })
})
