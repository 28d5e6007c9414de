import t from 'tap'
import { settled } from '../helpers/settled.ts'
import { formOf, startResources } from '../helpers/resources.ts'

t.test('a file goes up, is described, comes down and is deleted', async (t) => {
  const { caller, gateway } = await startResources(t)
  const { call } = await caller()
  const up = await call('POST', '/v1/files', formOf('Grüße, 世界', 'notes.txt', 'text/plain'))
  t.match(up, { status: 200, json: { type: 'file', filename: 'notes.txt', size_bytes: Buffer.byteLength('Grüße, 世界') }, headers: { 'request-id': /^req_/ } })
  const path = `/v1/files/${up.json.id}`
  t.same((await call('GET', path)).json, up.json)
  const down = await call('GET', `${path}/content`)
  t.match(down, { status: 200, text: 'Grüße, 世界', headers: { 'content-type': 'text/plain', 'content-disposition': 'attachment; filename="notes.txt"' } })
  t.match(await call('DELETE', path), { status: 200, json: { id: up.json.id, type: 'file_deleted' } })
  for (const gone of [path, `${path}/content`]) t.match(await call('GET', gone), { status: 404, json: { error: { type: 'not_found_error' } } })
  t.equal(gateway.app.resources.size, 0)
  await settled(gateway.app)
})

t.test('every file of a token lives in one workspace, whatever the turn of the keys', async (t) => {
  const { caller, simulator } = await startResources(t)
  const keys = new Set<string>()
  simulator.simulator.on('request', ({ headers }) => { keys.add(/-ws-\w+-/.exec(String(headers['x-api-key']))![0]) })
  const { upload, call } = await caller()
  for (let i = 0; i < 6; i++) {
    const { json } = await upload(`file ${i}`)
    t.equal((await call('GET', `/v1/files/${json.id}/content`)).text, `file ${i}`)
  }
  t.equal(keys.size, 1)
})

for (const [version, form] of [['2026-10-21', 'by cursor'], ['2023-06-01', 'by id']] as const) {
  t.test(`a list ${form} has the caller's own files, all of them, newest first`, async (t) => {
    const { caller } = await startResources(t)
    const callers = await Promise.all(Array.from({ length: 4 }, () => caller(version)))
    const ids = callers.map(() => [] as string[])
    for (let i = 0; i < 24; i++) ids[i % 4]!.unshift((await callers[i % 4]!.upload()).json.id)
    for (const [i, { call }] of callers.entries()) {
      const seen: string[] = []
      let query = '?limit=3'
      for (let pages = 0; pages < 30; pages++) {
        const { json } = await call('GET', `/v1/files${query}`)
        t.ok(json.data.length <= 3)
        seen.push(...json.data.map(({ id }) => id))
        if (version === '2023-06-01' ? json['has_more'] !== true : json['next_page'] === null) break
        query = version === '2023-06-01' ? `?limit=3&after_id=${String(json['last_id'])}` : `?limit=3&page=${String(json['next_page'])}`
      }
      t.same(seen, ids[i])
    }
  })
}

t.test('a list by id can be walked backwards', async (t) => {
  const { caller } = await startResources(t, { claude: { api_keys: [{ key: 'sk-ant-sim-ws-one-made-up' }] } })
  const [mine, other] = [await caller('2023-06-01'), await caller('2023-06-01')]
  const ids: string[] = []
  for (let i = 0; i < 5; i++) {
    ids.unshift((await mine.upload()).json.id)
    await other.upload()
  }
  const seen: string[] = []
  let before = ids.at(-1)!
  for (let pages = 0; pages < 10; pages++) {
    const { json } = await mine.call('GET', `/v1/files?limit=2&before_id=${before}`)
    seen.unshift(...json.data.map(({ id }) => id))
    if (json['has_more'] !== true) break
    before = String(json['first_id'])
  }
  t.same(seen, ids.slice(0, -1))
})

t.test('a token without files has an empty list, for which nobody is asked', async (t) => {
  const { caller, simulator } = await startResources(t)
  const { call } = await caller()
  t.match(await call('GET', '/v1/files'), { status: 200, json: { data: [], has_more: false, next_page: null } })
  t.equal(simulator.simulator.requests, 0)
})

for (const path of ['/v1/files/x', '/v1/files/file_..%2Fmodels', '/v1/files/file_a.b', '/v1/files?limit=many']) {
  t.test(`${path.slice(0, 40)} is refused with the field and the mend`, async (t) => {
    const { caller, simulator } = await startResources(t)
    t.match(await (await caller()).call('GET', path), { status: 400, json: { error: { type: 'invalid_request_error', message: /^(id|limit): .* Send / } } })
    t.equal(simulator.simulator.requests, 0)
  })
}

t.test('an upload that is no form is refused', async (t) => {
  const { caller } = await startResources(t)
  const { call } = await caller()
  t.match(await call('POST', '/v1/files', { file: 'x' }), { status: 415, json: { error: { message: 'content-type: must be multipart/form-data.' } } })
  t.match(await call('POST', '/v1/files'), { status: 400, json: { error: { message: /^body: is empty/ } } })
})

t.test('what the upstream says of an upload reaches the client', async (t) => {
  const { caller, gateway } = await startResources(t)
  const { call } = await caller()
  const answer = await call('POST', '/v1/files', formOf('x'), { 'anthropic-simulator-fault': '400' })
  t.match(answer, { status: 400, json: { error: { message: 'messages.0.content: Input should be a valid list' } } })
  t.equal(gateway.app.resources.size, 0)
  await settled(gateway.app)
})

t.test('a key that is refused is replaced by another of its workspace, for questions', async (t) => {
  const keys = ['fault-401;after=1', 'well'].map((what) => ({ key: `sk-ant-sim-org-acme-ws-one-${what}-made-up`, org: 'acme', workspace: 'one' }))
  const { caller } = await startResources(t, { claude: { api_keys: keys } })
  const { upload, call } = await caller()
  const { json } = await upload()
  for (let i = 0; i < 4; i++) t.equal((await call('GET', `/v1/files/${json.id}`)).status, 200)
})

t.test('the trail is told to who asks for it', async (t) => {
  const keys = ['fault-401;after=1', 'well'].map((what) => ({ key: `sk-ant-sim-org-acme-ws-one-${what}-made-up`, org: 'acme', workspace: 'one' }))
  const { caller, gateway } = await startResources(t, { claude: { api_keys: keys } })
  const { upload, call } = await caller()
  const { json } = await upload()
  const ids = gateway.app.keyPool.stats().keys.map(({ id }) => id)
  const traces = []
  for (let i = 0; i < 2; i++) traces.push((await call('GET', `/v1/files/${json.id}`, undefined, { 'x-ccproxy-debug': '1' })).headers['x-ccproxy-trace'])
  t.ok(traces.includes(ids.join('; ')), traces.join(' | '))
})

t.test('a file that is not found for once is not forgotten', async (t) => {
  const key = 'sk-ant-sim-org-acme-ws-one-made-up'
  const { caller, gateway } = await startResources(t, { claude: { api_keys: [{ key, workspace: 'one' }] } })
  const { upload, call } = await caller()
  const { json } = await upload()
  gateway.app.keyPool.configure([{ key: 'sk-ant-sim-org-other-ws-two-made-up', workspace: 'one' }], 'env')
  t.equal((await call('GET', `/v1/files/${json.id}`)).status, 404, 'the label stands on the wrong key')
  gateway.app.keyPool.configure([{ key, workspace: 'one' }], 'env')
  t.equal((await call('GET', `/v1/files/${json.id}`)).status, 200)
})

t.test('without a key for the workspace the client is told, and gets it back with the key', async (t) => {
  const { caller, gateway } = await startResources(t, { claude: { api_keys: [{ key: 'sk-ant-sim-ws-one-made-up' }] } })
  const { upload, call } = await caller()
  const { json } = await upload()
  const { id } = gateway.app.keyPool.stats().keys[0]!
  gateway.app.keyPool.setDisabled(id, true)
  t.match(await call('GET', `/v1/files/${json.id}`), { status: 503, json: { error: { message: /no key any more/ } } })
  gateway.app.keyPool.setDisabled(id, false)
  t.equal((await call('GET', `/v1/files/${json.id}`)).status, 200)
})

t.test('a new label of the workspace loses no file', async (t) => {
  const key = 'sk-ant-sim-ws-one-made-up'
  const { caller, gateway } = await startResources(t, { claude: { api_keys: [{ key }] } })
  const { upload, call } = await caller()
  const { json } = await upload()
  gateway.app.keyPool.configure([{ key, workspace: 'renamed' }], 'env')
  t.equal((await call('GET', `/v1/files/${json.id}`)).status, 200)
  t.equal((await call('GET', '/v1/files')).json.data.length, 1)
})
