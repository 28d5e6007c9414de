import { readFileSync } from 'node:fs'
import t from 'tap'
import { FAULTS } from '../../src/upstreams/fault-table.ts'
import { faultOf, retryAfter } from '../../src/upstreams/faults.ts'
import { event } from '../helpers/upstream.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')

interface Sample {
  status: number
  error?: object
  headers?: Record<string, string>
  endpoint?: 'messages' | 'count_tokens' | 'other'
}

function read ({ status, error, headers = {}, endpoint = 'messages' }: Sample) {
  const body = { type: 'error', error }
  const bytes = Buffer.from(status === 200 ? event('error', body) : JSON.stringify(body))
  return faultOf({ endpoint, status, headers, bytes }, NOW)
}

/** An answer for every row of the table. */
const SAMPLES: Record<string, Sample> = {
  count_tokens: { status: 429, endpoint: 'count_tokens', error: { type: 'rate_limit_error', message: 'slow down' } },
  overloaded: { status: 529, error: { type: 'overloaded_error', message: 'Overloaded' } },
  credit: { status: 400, error: { type: 'invalid_request_error', message: 'Your credit balance is too low to access the Anthropic API.' } },
  billing: { status: 402, error: { type: 'billing_error', message: 'made up' } },
  on_hold: { status: 403, error: { type: 'permission_error', message: 'made up', details: { error_code: 'organization_on_hold' } } },
  disabled: { status: 400, error: { type: 'invalid_request_error', message: 'This organization has been disabled.' } },
  unauthorized: { status: 401, error: { type: 'authentication_error', message: 'invalid x-api-key' } },
  model_not_permitted: { status: 403, error: { type: 'permission_error', message: 'Your API key may not use model claude-made-up.' } },
  forbidden: { status: 403, error: { type: 'permission_error', message: 'made up' } },
  spend_limit: { status: 429, error: { type: 'rate_limit_error', message: 'made up', details: { error_code: 'enforced_spend_limit_reached' } } },
  spend_limit_text: { status: 429, error: { type: 'rate_limit_error', message: 'You have reached your specified API usage limits.' } },
  workspace_limit: { status: 429, error: { type: 'rate_limit_error', message: 'This workspace has exceeded its rate limit.' } },
  rate_limit: { status: 429, error: { type: 'rate_limit_error', message: 'Number of tokens has exceeded your rate limit.' } },
  rate_limit_event: { status: 200, error: { type: 'rate_limit_error', message: 'made up' } },
  server_error: { status: 500, error: { type: 'api_error', message: 'Internal server error' } },
  error_event: { status: 200, error: { type: 'api_error', message: 'Internal server error' } },
  request: { status: 400, error: { type: 'invalid_request_error', message: 'max_tokens: Field required' } },
  request_event: { status: 200, error: { type: 'invalid_request_error', message: 'made up' } }
}

for (const row of FAULTS) {
  t.test(`${row.name}: ${row.meaning}`, async (t) => {
    const sample = SAMPLES[row.name]
    t.ok(sample, 'has a sample')
    t.equal(read(sample!)?.row.name, row.name)
  })
}

t.test('an overload is one as the first event of a 200 too', async (t) => {
  t.equal(read({ status: 200, error: { type: 'overloaded_error', message: 'Overloaded' } })?.row.name, 'overloaded')
})

t.test('a spend limit that names a time is an ordinary rate limit', async (t) => {
  t.equal(read({ ...SAMPLES['spend_limit']!, headers: { 'retry-after': '5' } })?.row.name, 'rate_limit')
})

t.test('a good answer is no fault, nor is a redirect, nor a body that nobody can read', async (t) => {
  const at = (status: number, text: string) => faultOf({ endpoint: 'messages', status, headers: {}, bytes: Buffer.from(text) }, NOW)
  t.equal(at(200, 'event: message_start\ndata: {}\n\n'), null)
  t.equal(at(200, '{"type":"message"}'), null)
  t.equal(at(302, ''), null)
  for (const text of ['', '<html>', 'null', '{"error":null}', '{"error":7}', '[]']) t.equal(at(502, text)?.row.kind, 'platform', text)
})

t.test('the upstream\'s words are kept, cut short', async (t) => {
  t.equal(read({ status: 500, error: { message: 'x'.repeat(1_000) } })?.text?.length, 300)
})

t.test('retry-after in its forms', async (t) => {
  t.equal(retryAfter({ 'retry-after': '3' }, NOW), 3_000)
  t.equal(retryAfter({ 'retry-after': 'Sun, 22 Nov 2026 12:00:20 GMT' }, NOW), 20_000)
  t.equal(retryAfter({ 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }, NOW), 0)
  t.equal(retryAfter({ 'retry-after-ms': '250', 'retry-after': '3' }, NOW), 250)
  t.equal(retryAfter({
    'anthropic-ratelimit-requests-remaining': '7',
    'anthropic-ratelimit-requests-reset': '2026-11-22T12:09:00Z',
    'anthropic-ratelimit-input-tokens-remaining': '0',
    'anthropic-ratelimit-input-tokens-reset': '2026-11-22T12:00:40Z'
  }, NOW), 40_000, 'the reset of the limit that is used up')
})

t.test('one that cannot be read counts as none', async (t) => {
  for (const value of ['', ' ', 'soon', '-1']) t.equal(retryAfter({ 'retry-after': value }, NOW), null, value)
  t.equal(retryAfter({}, NOW), null)
})

t.test('docs/faults.md shows the table as it is', async (t) => {
  const docs = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8')
  const rows = FAULTS.map(({ name, kind, scope, pause, meaning }) => `| \`${name}\` | ${meaning} | ${kind} | ${scope} | ${pause} |`)
  t.same(docs.split('\n').filter((line) => line.startsWith('| `')), rows)
})
