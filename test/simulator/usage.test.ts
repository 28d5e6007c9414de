import t from 'tap'
import { PromptCache } from '../../src/simulator/usage.ts'
import { bodyOf } from './helpers.ts'

const system = [{ type: 'text' as const, text: 'x'.repeat(400), cache_control: { type: 'ephemeral' as const } }]

t.test('a prompt costs a token for four bytes', async (t) => {
  t.match(new PromptCache().bill(bodyOf('hi'), 401, 'org'), { input_tokens: 101, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 })
})

t.test('a prefix that is seen for the first time is written to the cache', async (t) => {
  const usage = new PromptCache().bill({ ...bodyOf('hi'), system }, 2_000, 'org')
  t.ok(usage.cache_creation_input_tokens > 100)
  t.equal(usage.cache_read_input_tokens, 0)
})

t.test('a prefix that is known is read from the cache', async (t) => {
  const cache = new PromptCache()
  const written = cache.bill({ ...bodyOf('hi'), system }, 2_000, 'org').cache_creation_input_tokens
  t.match(cache.bill({ ...bodyOf('something else'), system }, 2_000, 'org'), { cache_creation_input_tokens: 0, cache_read_input_tokens: written })
})

t.test('the three figures make up the whole prompt', async (t) => {
  const usage = new PromptCache().bill({ ...bodyOf('hi'), system }, 2_000, 'org')
  t.equal(usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens, 500)
})

t.test('organisations do not share a cache', async (t) => {
  const cache = new PromptCache()
  cache.bill({ ...bodyOf('hi'), system }, 2_000, 'one')
  t.equal(cache.bill({ ...bodyOf('hi'), system }, 2_000, 'other').cache_read_input_tokens, 0)
})

t.test('models do not share a cache', async (t) => {
  const cache = new PromptCache()
  cache.bill({ ...bodyOf('hi'), system }, 2_000, 'org')
  t.equal(cache.bill({ ...bodyOf('hi'), model: 'claude-opus-5', system }, 2_000, 'org').cache_read_input_tokens, 0)
})

t.test('a cache of an hour is billed as one', async (t) => {
  const usage = new PromptCache().bill({ ...bodyOf('hi'), cache_control: { type: 'ephemeral', ttl: '1h' } }, 2_000, 'org')
  t.same(usage.cache_creation, { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: usage.cache_creation_input_tokens })
  t.ok(usage.cache_creation_input_tokens > 0)
})
