import t from 'tap'
import type { Answer } from '../../src/upstreams/ask.ts'
import { createModelCatalogue } from '../../src/upstreams/model-catalogue.ts'

function catalogue () {
  const state = { now: 0, asked: [] as string[], answer: (): Promise<Answer> => Promise.resolve(well('first')) }
  const it = createModelCatalogue({
    clock: () => state.now,
    ask: (path) => {
      state.asked.push(path)
      return state.answer()
    }
  })
  const get = async (path = '/v1/models', headers = {}) => {
    const { body, cache, status } = await it.get(path, headers)
    return [status, body.toString(), cache]
  }
  return { state, get }
}

const well = (text: string): Answer => ({ status: 200, headers: {}, body: Buffer.from(text) })
const fault = (status: number): Answer => ({ status, headers: {}, body: Buffer.from('fault') })
const HOUR = 3_600_000

t.test('asks once while the answer is fresh, again when it is not', async (t) => {
  const { state, get } = catalogue()
  t.same(await get(), [200, 'first', 'miss'])
  t.same(await get(), [200, 'first', 'hit'])
  state.now += HOUR
  state.answer = async () => well('second')
  t.same(await get(), [200, 'second', 'miss'])
  t.equal(state.asked.length, 2)
})

t.test('equal questions at one time share one answer', async (t) => {
  const { state, get } = catalogue()
  t.same(await Promise.all([get(), get(), get()]), Array(3).fill([200, 'first', 'miss']))
  t.equal(state.asked.length, 1)
})

t.test('another path, version or beta is another question', async (t) => {
  const { state, get } = catalogue()
  await get()
  await get('/v1/models?limit=1')
  await get('/v1/models', { 'anthropic-version': '2026-10-21' })
  await get('/v1/models', { 'anthropic-beta': 'x' })
  t.equal(state.asked.length, 4)
})

t.test('while the upstream fails, what was known is told', async (t) => {
  const { state, get } = catalogue()
  await get()
  state.now += HOUR
  for (const status of [401, 403, 429, 500, 529]) {
    state.answer = async () => fault(status)
    t.same(await get(), [200, 'first', 'stale'], String(status))
  }
  state.answer = () => Promise.reject(new Error('unreachable'))
  t.same(await get(), [200, 'first', 'stale'])
})

t.test('with nothing known, the fault itself is told, and not remembered', async (t) => {
  const { state, get } = catalogue()
  state.answer = async () => fault(529)
  t.same(await get(), [529, 'fault', 'miss'])
  state.answer = () => Promise.reject(new Error('unreachable'))
  await t.rejects(get(), /unreachable/)
  state.answer = async () => well('now')
  t.same(await get(), [200, 'now', 'miss'])
})

t.test('that a model is not there is an answer, and not remembered', async (t) => {
  const { state, get } = catalogue()
  await get('/v1/models/x')
  state.now += HOUR
  state.answer = async () => fault(404)
  t.same(await get('/v1/models/x'), [404, 'fault', 'miss'])
})

t.test('what is remembered is bounded', async (t) => {
  const { state, get } = catalogue()
  for (let i = 0; i < 150; i++) await get(`/v1/models?limit=${i}`)
  t.same((await get('/v1/models?limit=149'))[2], 'hit')
  t.same((await get('/v1/models?limit=0'))[2], 'miss')
  t.equal(state.asked.length, 151)
})
