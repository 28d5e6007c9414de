import t from 'tap'
import { settled } from '../helpers/settled.ts'
import { startResources } from '../helpers/resources.ts'

const PATH = '/v1/messages/batches'
const batch = (...ids: string[]) => ({
  requests: ids.map((id) => ({ custom_id: id, params: { model: 'claude-sonnet-5-5', max_tokens: 16, messages: [{ role: 'user', content: 'say hi' }] } }))
})

t.test('a batch is made, ends, and its results come from the gateway', async (t) => {
  const { caller, gateway } = await startResources(t)
  const { call } = await caller()
  const made = await call('POST', PATH, batch('one', 'two'))
  t.match(made, { status: 200, json: { type: 'message_batch', processing_status: 'in_progress', results_url: null } })
  const path = `${PATH}/${made.json.id}`
  await call('GET', path)
  const ended = await call('GET', path)
  t.match(ended.json, { processing_status: 'ended', results_url: `${gateway.url}${path}/results` })
  const results = await call('GET', `${path}/results`)
  t.match(results, { status: 200, headers: { 'content-type': /^application\/x-jsonl/ } })
  t.match(results.text.trim().split('\n').map((line) => JSON.parse(line) as object), [{ custom_id: 'one', result: { type: 'succeeded' } }, { custom_id: 'two' }])
  t.match((await call('GET', PATH)).json.data, [{ id: made.json.id, results_url: `${gateway.url}${path}/results` }])
  t.match(await call('DELETE', path), { status: 200, json: { type: 'message_batch_deleted' } })
  t.equal((await call('GET', path)).status, 404)
  await settled(gateway.app)
})

t.test('a batch is cancelled', async (t) => {
  const { caller } = await startResources(t)
  const { call } = await caller()
  const { json } = await call('POST', PATH, batch('one'))
  t.match(await call('POST', `${PATH}/${json.id}/cancel`), { status: 200, json: { processing_status: 'canceling' } })
})

t.test('results that are not there yet are the upstream\'s to explain', async (t) => {
  const { caller } = await startResources(t)
  const { call } = await caller()
  const { json } = await call('POST', PATH, batch('one'))
  t.match(await call('GET', `${PATH}/${json.id}/results`), { status: 400, json: { error: { message: 'The batch has not ended yet' } } })
})

t.test('the address of results is the public one, where that is set', async (t) => {
  const { caller } = await startResources(t, { server: { public_url: 'https://claude.example.com/team' } })
  const { call } = await caller()
  const { json: { id } } = await call('POST', PATH, batch('one'))
  await call('GET', `${PATH}/${id}`)
  t.equal((await call('GET', `${PATH}/${id}`)).json['results_url'], `https://claude.example.com/team${PATH}/${id}/results`)
})

t.test('or what a trusted proxy says, and nobody else', async (t) => {
  for (const [trust, origin] of [[['127.0.0.1'], 'https://claude.example.com'], [[], undefined]] as const) {
    const { caller, gateway } = await startResources(t, { server: { trust_proxy: [...trust] } })
    const { call } = await caller()
    const { json: { id } } = await call('POST', PATH, batch('one'))
    await call('GET', `${PATH}/${id}`)
    const { json } = await call('GET', `${PATH}/${id}`, undefined, { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'claude.example.com' })
    t.equal(json['results_url'], `${origin ?? gateway.url}${PATH}/${id}/results`)
  }
})

t.test('a batch of many megabytes arrives byte for byte', async (t) => {
  let arrived: Buffer | undefined
  const { caller } = await startResources(t, {}, { onRequest: ({ method, body }) => { if (method === 'POST') arrived = body } })
  const text = JSON.stringify({ requests: batch('one').requests, padding: '\u00e9é\\'.repeat(4_000_000) })
  const { call } = await caller()
  t.equal((await call('POST', PATH, text)).status, 200)
  t.ok(arrived!.equals(Buffer.from(text)))
})

t.test('a batch that is too large is refused before it is read', async (t) => {
  const { gateway, simulator } = await startResources(t)
  const answer = await gateway.app.inject({
    method: 'POST', url: PATH, headers: { ...gateway.headers, 'content-length': String(300 * 1024 * 1024) }, payload: '{}'
  })
  t.match(answer.json(), { type: 'error', error: { type: 'request_too_large', message: /larger than 256 MiB/ } })
  t.equal(answer.statusCode, 413)
  t.equal(simulator.simulator.requests, 0)
})
