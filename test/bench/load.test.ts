import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { cannon } from '../../bench/cannon.ts'
import { compare } from '../../bench/compare.ts'
import { load, VoidRun, type Request } from '../../bench/load.ts'

const BODY = '{"said":"nonce-1"}'
const good: RequestListener = (_req, res) => { res.end(BODY) }
/** Answers well a few times, then otherwise. */
const turning = (then: RequestListener): RequestListener => {
  let answers = 0
  return (req, res) => (answers++ < 5 ? good : then)(req, res)
}

async function serve (t: Test, listener: RequestListener): Promise<Request> {
  const server = createServer((req, res) => {
    req.resume()
    req.on('end', () => listener(req, res))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { origin, path: '/', headers: {}, body: Buffer.from('{}'), expected: { length: BODY.length, nonce: 'nonce-1' } }
}

for (const [name, loader] of Object.entries({ load, cannon })) {
  const run = (request: Request) => loader(request, { connections: 4, requests: 20 })

  t.test(`${name}: as many answers as were asked for, each with its time`, async (t) => {
    const { requests, seconds, total } = await run(await serve(t, good))
    t.equal(requests, 20)
    t.equal(total.length, 20)
    t.ok(seconds > 0)
  })

  t.test(`${name}: one answer with another status makes the run void`, async (t) => {
    const error = await run(await serve(t, turning((_req, res) => res.writeHead(500).end(BODY)))).catch((error) => error)
    t.type(error, VoidRun)
    t.equal(error.status, 500)
  })

  t.test(`${name}: one answer of another length makes the run void`, async (t) => {
    await t.rejects(run(await serve(t, turning((_req, res) => res.end(`${BODY} `)))), VoidRun)
  })

  t.test(`${name}: one answer that is not from the upstream of this run makes it void`, async (t) => {
    await t.rejects(run(await serve(t, turning((_req, res) => res.end(BODY.replace('nonce-1', 'nonce-2'))))), VoidRun)
  })
}

t.test('a connection that breaks makes the run void', async (t) => {
  await t.rejects(load(await serve(t, turning((_req, res) => res.destroy())), { connections: 4, requests: 20 }), VoidRun)
})

t.test('autocannon is not let near an address whose certificate it would not verify', async (t) => {
  const request = { ...await serve(t, good), origin: 'https://127.0.0.1:9' }
  await t.rejects(cannon(request, { connections: 1, requests: 1 }), /certificate/)
})

t.test('at a fixed rate every request is sent, and its first byte comes before its end', async (t) => {
  const { firstByte, total } = await load(await serve(t, good), { connections: 2, requests: 10, rate: 500 })
  t.equal(firstByte.length, 10)
  t.ok(firstByte.every((time, index) => time <= total[index]!))
})

t.test('those that are compared take turns, and a void run tells whose answer it was', async (t) => {
  const usage = async () => ({ cpu: performance.now() * 1_000, rss: 1 })
  const contender = async (name: string, listener: RequestListener) => ({ name, request: await serve(t, listener), usage })
  const one = await contender('one', good)
  const measured = await compare({ contenders: [one, await contender('two', good)], rounds: 3, requests: 4, rate: 1_000 })
  t.strictSame(measured.map(({ name, cpu, rate, paced }) => [name, cpu.length, rate.length, paced.total.length]), [['one', 3, 3, 4], ['two', 3, 3, 4]])
  const bad = await contender('bad', turning((_req, res) => res.writeHead(503).end()))
  t.match(await compare({ contenders: [one, bad], rounds: 3, requests: 4 }).catch((error) => error), { who: 'bad', status: 503 })
})
