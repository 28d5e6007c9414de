import t, { type Test } from 'tap'
import { buildSimulator } from '../../src/simulator/app.ts'
import { formOf } from '../helpers/resources.ts'

async function start (t: Test) {
  const simulator = buildSimulator()
  t.teardown(() => simulator.close())
  const url = await simulator.listen({ host: '127.0.0.1', port: 0 })
  return async (key: string, method: string, path: string, body?: FormData | string, headers: Record<string, string> = {}) => {
    const answer = await fetch(url + path, {
      method, body: body ?? null, headers: { 'x-api-key': key, 'anthropic-version': '2026-10-21', ...headers }
    })
    const text = await answer.text()
    return { status: answer.status, text, json: () => JSON.parse(text) as Record<string, unknown> & { id: string, data: Array<{ id: string }> } }
  }
}

const RED = 'sk-ant-sim-org-acme-ws-red-1-made-up'
const RED_TOO = 'sk-ant-sim-org-acme-ws-red-2-made-up'
const BLUE = 'sk-ant-sim-org-acme-ws-blue-1-made-up'

t.test('a file is seen by the keys of its workspace, and by no others', async (t) => {
  const call = await start(t)
  const { id } = (await call(RED, 'POST', '/v1/files', formOf('notes'))).json()
  t.equal((await call(RED_TOO, 'GET', `/v1/files/${id}/content`)).text, 'notes')
  t.match(await call(BLUE, 'GET', `/v1/files/${id}`), { status: 404, text: /File not found/ })
  t.same((await call(BLUE, 'GET', '/v1/files')).json().data, [])
  t.equal((await call(BLUE, 'DELETE', `/v1/files/${id}`)).status, 404)
  t.equal((await call(RED_TOO, 'DELETE', `/v1/files/${id}`)).status, 200)
  t.equal((await call(RED, 'GET', `/v1/files/${id}`)).status, 404)
})

t.test('a large file comes down at its length', async (t) => {
  const call = await start(t)
  const size = 3 * 1024 * 1024 + 5
  const { id } = (await call(RED, 'POST', '/v1/files', formOf('x'.repeat(size)))).json()
  t.equal((await call(RED, 'GET', `/v1/files/${id}/content`)).text.length, size)
})

t.test('a form without a file is refused', async (t) => {
  const call = await start(t)
  const form = new FormData()
  form.append('other', 'text')
  t.match(await call(RED, 'POST', '/v1/files', form), { status: 400, text: /file: Field required/ })
})

t.test('a list of files is walked by cursor, by id, and backwards', async (t) => {
  const call = await start(t)
  const ids: string[] = []
  for (let i = 0; i < 5; i++) ids.unshift((await call(RED, 'POST', '/v1/files', formOf('x'))).json().id)
  const page = async (query: string) => (await call(RED, 'GET', `/v1/files?limit=2${query}`)).json()
  const first = await page('')
  t.match(first, { data: [{ id: ids[0] }, { id: ids[1] }], has_more: true, next_page: '2' })
  t.match(await page('&page=4'), { data: [{ id: ids[4] }], has_more: false, next_page: null })
  t.match(await page(`&after_id=${ids[1]}`), { data: [{ id: ids[2] }, { id: ids[3] }], has_more: true, next_page: '4' })
  t.match(await page(`&before_id=${ids[4]}`), { data: [{ id: ids[2] }, { id: ids[3] }], has_more: true })
})

t.test('a batch has ended when it is asked for again', async (t) => {
  const call = await start(t)
  const body = JSON.stringify({ requests: [{ custom_id: 'one', params: { model: 'claude-sonnet-5-5' } }] })
  const { id } = (await call(RED, 'POST', '/v1/messages/batches', body, { 'content-type': 'application/json' })).json()
  t.match(await call(RED, 'GET', `/v1/messages/batches/${id}/results`), { status: 400 })
  t.match((await call(RED, 'GET', `/v1/messages/batches/${id}`)).json(), { processing_status: 'in_progress', results_url: null })
  t.match((await call(RED_TOO, 'GET', `/v1/messages/batches/${id}`)).json(), { processing_status: 'ended', results_url: /\/results$/ })
  t.match(JSON.parse((await call(RED, 'GET', `/v1/messages/batches/${id}/results`)).text), { custom_id: 'one', result: { type: 'succeeded' } })
  t.equal((await call(BLUE, 'GET', `/v1/messages/batches/${id}`)).status, 404)
})

t.test('an empty batch is refused', async (t) => {
  const call = await start(t)
  t.match(await call(RED, 'POST', '/v1/messages/batches', '{"requests":[]}', { 'content-type': 'application/json' }), { status: 400 })
})

t.test('faults reach these routes as well', async (t) => {
  const call = await start(t)
  t.equal((await call(RED, 'GET', '/v1/files', undefined, { 'anthropic-simulator-fault': '401' })).status, 401)
  t.equal((await call(RED, 'POST', '/v1/files', formOf('x'), { 'anthropic-simulator-fault': '529' })).status, 529)
})
