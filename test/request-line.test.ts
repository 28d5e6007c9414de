import t from 'tap'
import fc from 'fast-check'
import { pino } from 'pino'
import { GatewayError } from '../src/errors.ts'
import { requestLine, type Told } from '../src/request-line.ts'
import { createRecord, type RequestRecord } from '../src/request-record.ts'
import type { Usage } from '../src/upstreams/usage.ts'

const TOLD: Told = { level: 30, requestId: 'req_madeUp000001', method: 'POST', route: '/v1/messages', status: 200 }

type Changes = Omit<Partial<RequestRecord>, 'usage'> & { usage?: { [Count in keyof Usage]?: unknown } }

function recordOf ({ usage, ...changes }: Changes = {}): RequestRecord {
  const record = createRecord()
  return { ...record, ...changes, usage: { ...record.usage, ...usage as Partial<Usage> } }
}

/** What the line says. */
function parsed (record: RequestRecord, told: Partial<Told> = {}): Record<string, unknown> {
  return JSON.parse(requestLine(record, { ...TOLD, ...told })) as Record<string, unknown>
}

/** The line that pino itself writes of the same fields. A field that is undefined is one that it leaves out. */
function byPino (record: RequestRecord, { level, requestId, method, route, status }: Told): string {
  let written = ''
  const log = pino({ base: null, level: 'debug' }, { write: (line: string) => { written += line } })
  const { usage, error } = record
  const fault = error !== null && error.status >= 500 ? error : null
  const cause = fault?.cause instanceof Error ? fault.cause : undefined
  const fields = {
    reqId: requestId,
    method,
    route: route ?? null,
    status,
    tokenId: record.tokenId,
    mode: record.mode,
    model: record.model,
    keyId: record.keyId,
    trail: record.trail.length > 1 ? record.trail : undefined,
    upstreamRequestId: record.upstreamRequestId,
    inputTokens: usage.inputTokens ?? null,
    outputTokens: usage.outputTokens ?? null,
    cacheReadTokens: usage.cacheReadTokens ?? null,
    cacheCreationTokens: usage.cacheCreationTokens ?? null,
    ttfbMs: record.firstByteAt === null ? null : 0,
    durationMs: 0,
    outcome: record.outcome,
    error: error?.code,
    reason: fault?.message,
    cause: cause && { name: cause.name, message: cause.message, stack: cause.stack }
  }
  log[level === 20 ? 'debug' : 'info'](fields, 'request')
  return written
}

/** A line as text, its keys in order, with what a clock said told by its kind alone. */
function timeless (line: string): string {
  const clocks = ['time', 'ttfbMs', 'durationMs']
  return JSON.stringify(JSON.parse(line), (key, value: unknown) => clocks.includes(key) && value !== null ? typeof value : value)
}

const CAUSE = new TypeError('it broke\nfor a "reason"')
const INTERNAL = new GatewayError('api_error', 'The gateway met an internal error.', { cause: CAUSE })

t.test('the line is what pino would write, field by field and in the same order', async (t) => {
  const whole = recordOf({
    firstByteAt: performance.now(),
    tokenId: 'tok_made_up',
    mode: 'api',
    model: 'claude-sonnet-5-5',
    keyId: 'key_made_up',
    attempts: 2,
    trail: ['key_other passed over: the key is not accepted', 'key_made_up'],
    upstreamRequestId: 'req_upstream_made_up',
    usage: { inputTokens: 25, outputTokens: 42, cacheReadTokens: 100, cacheCreationTokens: 0 },
    outcome: 'complete'
  })
  const lines: [string, RequestRecord, Told][] = [
    ['a request of which nothing is known', recordOf(), { ...TOLD, route: undefined, status: 404 }],
    ['a request of which all is known', whole, TOLD],
    ['a quiet route', whole, { ...TOLD, level: 20 }],
    ['a mistake of the client', recordOf({ error: new GatewayError('invalid_request_error', 'model: is required.') }), { ...TOLD, status: 400 }],
    ['a fault on this side', recordOf({ ...whole, error: INTERNAL }), { ...TOLD, status: 500 }],
    ['a fault without a cause', recordOf({ error: new GatewayError('overloaded_error', 'Come back.') }), { ...TOLD, status: 529 }]
  ]
  for (const [name, record, told] of lines) t.equal(timeless(requestLine(record, told)), timeless(byPino(record, told)), name)
})

t.test('times are numbers', async (t) => {
  const startedAt = performance.now()
  const before = Date.now()
  const { time, ttfbMs, durationMs } = parsed(recordOf({ startedAt, firstByteAt: startedAt + 12.3456 })) as Record<string, number>
  t.ok(time! >= before && time! <= Date.now())
  t.equal(ttfbMs, 12.35, 'told to the hundredth')
  t.ok(durationMs! >= 0)
})

t.test('of an answer that never began no first byte is timed', async (t) => {
  t.equal(parsed(recordOf()).ttfbMs, null)
})

t.test('the trail is told only when there was more than one step', async (t) => {
  t.notOk('trail' in parsed(recordOf()))
  t.notOk('trail' in parsed(recordOf({ trail: ['key_made_up'] })))
  t.same(parsed(recordOf({ trail: ['key_one', 'key_two'] })).trail, ['key_one', 'key_two'])
})

t.test('a mistake of the client is told by its code, and never by its message', async (t) => {
  const error = new GatewayError('invalid_request_error', 'model: "made-up-secret" is not known.', { code: 'invalid_field', cause: new Error('made-up-secret') })
  const line = requestLine(recordOf({ error }), { ...TOLD, status: 400 })
  t.equal((JSON.parse(line) as { error: string }).error, 'invalid_field')
  t.notMatch(line, /made-up-secret|"reason"|"cause"/)
})

t.test('whose fault it was is the error\'s to say, not the status that the client was told', async (t) => {
  const asClient = new GatewayError('invalid_request_error', 'made-up-secret', { status: 499 })
  t.notOk('reason' in parsed(recordOf({ error: asClient }), { status: 500 }))
  const ours = new GatewayError('api_error', 'it broke', { status: 500 })
  t.match(parsed(recordOf({ error: ours }), { status: 200 }), { error: 'api_error', reason: 'it broke' })
})

t.test('a fault on this side is told with its reason and its cause', async (t) => {
  const line = parsed(recordOf({ error: INTERNAL }), { status: 500 })
  t.match(line, { error: 'api_error', reason: INTERNAL.message, cause: { name: 'TypeError', message: CAUSE.message, stack: CAUSE.stack } })
})

t.test('a cause that is no error is not told', async (t) => {
  for (const cause of ['made-up-secret', { key: 'made-up-secret' }, null, undefined]) {
    const line = requestLine(recordOf({ error: new GatewayError('api_error', 'it broke', { cause }) }), TOLD)
    t.notMatch(line, /made-up-secret|"cause"/)
  }
})

// Text that clients and upstreams choose: whatever a line-based, quoted format might trip over.
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  // UTF-16 units, lone surrogates among them.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('', '"', '\\', '\\"', '\n', '\r\n', '\u2028\u2029', '\0', '\ud800', '\udfff\ud800', '","level":60,"x":"', '"}\n{"level":60}', '__proto__', '%s %o'),
  fc.constantFrom('"', '\n', '\ud83d', 'x').map((unit) => unit.repeat(1_000))
)
const orNull = fc.option(hostile)

/** Where an upstream ought to send a count. */
const odd = fc.oneof(
  fc.nat(), fc.double(), hostile, fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(null, undefined, NaN, Infinity, -Infinity, -0, 1e21, 1e-7, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, true, [], {})
)

const fault = fc.record({
  reason: hostile,
  message: hostile,
  name: hostile,
  stack: fc.option(hostile, { nil: undefined }),
  code: hostile,
  status: fc.constantFrom(400, 429, 499, 500, 502, 529)
}).map(({ reason, message, name, stack, code, status }) => {
  const cause = Object.assign(new Error(message), { name })
  if (stack === undefined) delete cause.stack
  else cause.stack = stack
  return new GatewayError('api_error', reason, { code, status, cause })
})

const anyRecord = fc.record({
  model: orNull,
  mode: orNull,
  tokenId: orNull,
  keyId: orNull,
  upstreamRequestId: orNull,
  outcome: orNull,
  trail: fc.array(hostile, { maxLength: 4 }),
  usage: fc.record({ inputTokens: odd, outputTokens: odd, cacheReadTokens: odd, cacheCreationTokens: odd }),
  error: fc.option(fault)
}).map(recordOf)

t.test('whatever stands in the fields, it is exactly one line of valid JSON, and the one that pino would write', async () => {
  fc.assert(fc.property(anyRecord, fc.option(hostile, { nil: undefined }), (record, route) => {
    const told = { ...TOLD, route }
    const line = requestLine(record, told)
    return line.endsWith('}\n') && line.indexOf('\n') === line.length - 1 && timeless(line) === timeless(byPino(record, told))
  }), { numRuns: 2_000 })
})

t.test('and as UTF-8 it is still that line', async () => {
  fc.assert(fc.property(anyRecord, (record) => {
    const line = requestLine(record, TOLD)
    return Buffer.from(line).toString() === line
  }), { numRuns: 500 })
})
