import t from 'tap'
import { createModelInfos } from '../../src/upstreams/model-infos.ts'

const list = (...models: object[]) => ({ status: 200, headers: {}, body: Buffer.from(JSON.stringify({ data: models })) })

t.test('nothing is known until the upstream has told; nobody waits for it', async (t) => {
  const infos = createModelInfos({ get: async () => list({ id: 'a', max_tokens: 5 }) })
  t.equal(infos.infoOf('a'), undefined)
  await infos.refresh()
  t.same(infos.infoOf('a'), { id: 'a', max_tokens: 5 })
  t.equal(infos.infoOf('b'), undefined)
})

t.test('it asks anew after five minutes, and a minute after a failure', async (t) => {
  let now = 0
  let asked = 0
  let answer: () => Promise<ReturnType<typeof list>> = async () => list({ id: 'a' })
  const failures: unknown[] = []
  const get = () => {
    asked++
    return answer()
  }
  const infos = createModelInfos({ get, clock: () => now, onFailure: (reason) => failures.push(reason) })
  const ask = async () => {
    infos.infoOf('a')
    await infos.refresh()
  }
  infos.infoOf('a')
  await infos.refresh()
  t.equal(asked, 1, 'several share one question')
  now += 5 * 60_000 - 1
  infos.infoOf('a')
  t.equal(asked, 1)
  now += 1
  answer = async () => { throw new Error('down') }
  await ask()
  t.equal(asked, 2)
  t.match(failures, [{ message: 'down' }])
  t.same(infos.infoOf('a'), { id: 'a' }, 'what was known stays')
  now += 60_000 - 1
  infos.infoOf('a')
  t.equal(asked, 2)
  now += 1
  answer = async () => ({ ...list(), status: 503 })
  await ask()
  t.equal(failures.length, 2)
})

t.test('a list of any shape is no fault of ours', async (t) => {
  for (const body of ['null', '{}', '[]', '{"data":{}}', '{"data":[null,5,{"id":3}]}', 'oops']) {
    const infos = createModelInfos({ get: async () => ({ status: 200, headers: {}, body: Buffer.from(body) }) })
    await infos.refresh()
    t.equal(infos.infoOf('a'), undefined, body)
  }
})
