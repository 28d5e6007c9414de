import t from 'tap'
import { HEADERS, simulator } from './helpers.ts'

interface Page { data: Array<{ id: string, type: string }>, has_more: boolean, first_id: string | null, last_id: string | null }

const get = async (t: Parameters<typeof simulator>[0], path: string) => simulator(t).inject({ url: `/v1/models${path}`, headers: HEADERS })
const page = async (t: Parameters<typeof simulator>[0], query: string) => (await get(t, query)).json<Page>()

t.test('the list begins with the newest model', async (t) => {
  t.match(await page(t, ''), { data: [{ id: 'claude-fable-5-2', type: 'model' }], has_more: false, first_id: 'claude-fable-5-2' })
})

t.test('a model says what it can do', async (t) => {
  t.match((await get(t, '/claude-opus-5-5')).json(), {
    type: 'model',
    id: 'claude-opus-5-5',
    display_name: 'Claude Opus 5.5',
    created_at: /^2026-\d\d-\d\dT00:00:00Z$/,
    line: 'opus',
    lifecycle: 'active',
    deprecated_at: null,
    retires_at: null,
    max_input_tokens: 1_000_000,
    max_tokens: 128_000,
    capabilities: {
      effort: { supported: true, max: { supported: true } },
      thinking: { types: { adaptive: { supported: true }, enabled: { supported: false } } }
    }
  })
})

t.test('a model whose end is announced says so', async (t) => {
  t.match((await get(t, '/claude-sonnet-4-5')).json(), { id: 'claude-sonnet-4-5-20250929', lifecycle: 'deprecated', retires_at: '2026-11-30T00:00:00Z' })
})

t.test('a page is as long as asked for', async (t) => {
  const first = await page(t, '?limit=2')
  t.equal(first.data.length, 2)
  t.equal(first.has_more, true)
})

t.test('pages behind one another make up the list', async (t) => {
  const all = await page(t, '?limit=1000')
  const ids: string[] = []
  for (let query = '?limit=4', more = true; more;) {
    const next = await page(t, query)
    ids.push(...next.data.map(({ id }) => id))
    more = next.has_more
    query = `?limit=4&after_id=${next.last_id}`
  }
  t.same(ids, all.data.map(({ id }) => id))
})

t.test('a page can end before a model', async (t) => {
  const all = await page(t, '')
  const before = await page(t, `?limit=2&before_id=${all.data[3]?.id}`)
  t.same(before.data.map(({ id }) => id), all.data.slice(1, 3).map(({ id }) => id))
  t.equal(before.has_more, true)
})

t.test('the page before the first model is empty', async (t) => {
  t.match(await page(t, '?before_id=claude-fable-5-2'), { data: { length: 0 }, has_more: false, first_id: null, last_id: null })
})

t.test('the list can be narrowed to a lifecycle', async (t) => {
  t.same((await page(t, '?lifecycle[]=deprecated')).data.map(({ id }) => id), ['claude-sonnet-4-5-20250929'])
})

for (const limit of ['0', '1001', 'many']) {
  t.test(`a limit of ${limit} is 400`, async (t) => {
    const response = await get(t, `?limit=${limit}`)
    t.equal(response.statusCode, 400)
    t.match(response.json(), { error: { type: 'invalid_request_error', message: /^limit: / } })
  })
}

t.test('a model that does not exist is 404', async (t) => {
  const response = await get(t, '/claude-xyz')
  t.equal(response.statusCode, 404)
  t.match(response.json(), { error: { type: 'not_found_error', message: 'model: claude-xyz' } })
})

t.test('the list needs a key', async (t) => {
  t.equal((await simulator(t).inject({ url: '/v1/models', headers: { 'anthropic-version': '2023-06-01' } })).statusCode, 401)
})
