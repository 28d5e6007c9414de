import { gzipSync } from 'node:zlib'
import t from 'tap'
import { formOf, startResources } from '../helpers/resources.ts'

const MESSAGE = { model: 'claude-sonnet-5-5', max_tokens: 16 }
const naming = (id: string) => [{ role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: id } }, { type: 'text', text: 'say hi' }] }]
const disguised = (id: string) => [...id].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')

/** Two callers whose things live in the same workspace, where the upstream would show either of them everything. */
async function twoCallers (t: Parameters<typeof startResources>[0]) {
  const world = await startResources(t, { claude: { api_keys: [{ key: 'sk-ant-sim-ws-one-made-up' }] } })
  return { ...world, mine: await world.caller(), other: await world.caller() }
}

t.test('what another token made is not there, on any route, and nobody upstream is asked', async (t) => {
  const { simulator, mine, other } = await twoCallers(t)
  const file = (await other.upload()).json.id
  const skill = (await other.call('POST', '/v1/skills', formOf('x'))).json.id
  const batch = (await other.call('POST', '/v1/messages/batches', { requests: [{ custom_id: 'a', params: MESSAGE }] })).json.id
  const before = simulator.simulator.requests
  for (const [method, path] of [
    ['GET', `/v1/files/${file}`], ['GET', `/v1/files/${file}/content`], ['DELETE', `/v1/files/${file}`],
    ['GET', `/v1/messages/batches/${batch}`], ['GET', `/v1/messages/batches/${batch}/results`], ['DELETE', `/v1/messages/batches/${batch}`],
    ['POST', `/v1/messages/batches/${batch}/cancel`],
    ['GET', `/v1/skills/${skill}`], ['DELETE', `/v1/skills/${skill}`], ['GET', `/v1/skills/${skill}/versions`],
    ['GET', `/v1/skills/${skill}/versions/x`], ['DELETE', `/v1/skills/${skill}/versions/x`], ['GET', `/v1/skills/${skill}/versions/x/content`]
  ] as const) {
    const answer = await mine.call(method, path)
    t.match(answer, { status: 404, json: { error: { type: 'not_found_error', message: / not found: / } } }, `${method} ${path}`)
  }
  t.equal((await mine.call('POST', `/v1/skills/${skill}/versions`, formOf('x'))).status, 404)
  t.equal(simulator.simulator.requests, before)
  t.equal((await other.call('GET', `/v1/files/${file}`)).status, 200)
})

t.test('a foreign file is answered in the very words for one that nobody made', async (t) => {
  const { mine, other } = await twoCallers(t)
  const { id } = (await other.upload()).json
  const foreign = await mine.call('GET', `/v1/files/${id}`)
  const unknown = await mine.call('GET', '/v1/files/file_neverMadeByAnybody')
  t.equal(foreign.json.error.message.replace(id, 'X'), unknown.json.error.message.replace('file_neverMadeByAnybody', 'X'))
})

t.test('lists show nothing of others', async (t) => {
  const { mine, other } = await twoCallers(t)
  await other.upload()
  const { id } = (await mine.upload()).json
  t.same((await mine.call('GET', '/v1/files')).json.data.map((file) => file.id), [id])
})

for (const path of ['/v1/messages', '/v1/messages/count_tokens']) {
  t.test(`${path} cannot name another's file, plainly or in disguise`, async (t) => {
    const { mine, other, simulator } = await twoCallers(t)
    const { id } = (await other.upload()).json
    const before = simulator.simulator.requests
    const text = JSON.stringify({ ...MESSAGE, messages: naming(id) })
    for (const body of [text, text.replace(id, disguised(id)), text.replace(id, id.replace('f', '\\u0066')), text.replace('"file_id"', '"\\u0066ile_id"').replace(id, disguised(id))]) {
      t.match(await mine.call('POST', path, body), { status: 404, json: { error: { type: 'not_found_error' } } })
    }
    t.equal(simulator.simulator.requests, before)
    t.equal((await other.call('POST', path, text)).status, 200, 'its owner can')
  })
}

t.test('nor can a batch, however far into it, and then none is made', async (t) => {
  const { mine, other, simulator, gateway } = await twoCallers(t)
  const { id } = (await other.upload()).json
  for (const padding of [0, 100_000, 3_000_000]) {
    const body = JSON.stringify({ padding: 'x'.repeat(padding), requests: [{ custom_id: 'a', params: { ...MESSAGE, messages: naming(id) } }] })
    t.match(await mine.call('POST', '/v1/messages/batches', body), { status: 404, json: { error: { type: 'not_found_error' } } })
  }
  t.equal(gateway.app.resources.size, 1)
  t.same((await mine.call('GET', '/v1/messages/batches')).json.data, [])
  t.ok(simulator.simulator.finished < 10)
})

t.test('nor a batch in another encoding, or a compressed one', async (t) => {
  const { mine, other, gateway } = await twoCallers(t)
  const { id } = (await other.upload()).json
  const text = JSON.stringify({ requests: [{ custom_id: 'a', params: { ...MESSAGE, messages: naming(id) } }] })
  for (const [bytes, headers, message] of [
    [Buffer.from(text, 'utf16le'), {}, /UTF-8/],
    [Buffer.from(text, 'utf16le').swap16(), { 'content-type': 'application/json; charset=utf-16' }, /UTF-8/],
    [gzipSync(text), { 'content-encoding': 'gzip' }, /content-encoding/]
  ] as const) {
    const answer = await fetch(`${gateway.url}/v1/messages/batches`, {
      method: 'POST', body: new Uint8Array(bytes), headers: { authorization: `Bearer ${mine.token}`, 'anthropic-version': '2026-10-21', 'content-type': 'application/json', ...headers }
    })
    t.match([answer.status, await answer.text()], [400, message])
  }
  t.equal(gateway.app.resources.size, 1)
})

t.test('nor another\'s skill', async (t) => {
  const { mine, other } = await twoCallers(t)
  const { id } = (await other.call('POST', '/v1/skills', formOf('x'))).json
  const body = { ...MESSAGE, container: { skills: [{ type: 'custom', skill_id: id, version: 'latest' }] }, messages: [{ role: 'user', content: 'say hi' }] }
  t.equal((await mine.call('POST', '/v1/messages', body)).status, 404)
  t.equal((await other.call('POST', '/v1/messages', body)).status, 200)
})

t.test('a request that names a file goes to its workspace, every time', async (t) => {
  const { caller, simulator } = await startResources(t)
  const workspaces = new Set<string>()
  simulator.simulator.on('request', ({ headers }) => { workspaces.add(/-ws-(\w+)-/.exec(String(headers['x-api-key']))![1]!) })
  const { upload, call } = await caller()
  const { id } = (await upload()).json
  for (let i = 0; i < 9; i++) t.equal((await call('POST', '/v1/messages', { ...MESSAGE, messages: naming(id) })).status, 200)
  t.equal(workspaces.size, 1)
})

t.test('files of two workspaces in one request are refused with the way out', async (t) => {
  const { caller, gateway } = await startResources(t)
  const { call, id: tokenId } = await caller()
  await gateway.app.resources.add({ id: 'file_madeElsewhere0001', kind: 'file', workspace: 'red', key_id: 'x', token_id: tokenId })
  await gateway.app.resources.add({ id: 'file_madeElsewhere0002', kind: 'file', workspace: 'blue', key_id: 'x', token_id: tokenId })
  const body = { ...MESSAGE, messages: [...naming('file_madeElsewhere0001'), ...naming('file_madeElsewhere0002')] }
  t.match(await call('POST', '/v1/messages', body), { status: 400, json: { error: { type: 'invalid_request_error', message: /different workspaces.*upload them again/ } } })
})

t.test('a file that was not made here, such as a tool\'s, passes', async (t) => {
  const { caller, simulator } = await startResources(t)
  const { upload, call } = await caller()
  await upload()
  const before = simulator.simulator.requests
  t.equal((await call('POST', '/v1/messages', { ...MESSAGE, messages: naming('file_madeByATool000000001') })).status, 200)
  t.equal(simulator.simulator.requests, before + 1)
})
