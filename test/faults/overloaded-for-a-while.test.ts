import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { send } from '../helpers/raw-client.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { startUpstream, wholeStream } from '../helpers/upstream.ts'

/** How long the whole upstream is overloaded, in milliseconds. */
const OUTAGE = 3_000
const OVERLOADED = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_made_up"}'

t.test('529 on everything for three seconds: who can wait is answered, who cannot hears the upstream, and no key is marked', async (t) => {
  let over = 0
  const upstream = await startUpstream(t, (res) => {
    over ||= Date.now() + OUTAGE
    if (Date.now() < over) res.writeHead(529, { 'content-type': 'application/json', 'x-should-retry': 'true' }).end(OVERLOADED)
    else res.writeHead(200, { 'content-type': 'text/event-stream' }).end(wholeStream('hi'))
  })
  const keys = ['a', 'b', 'c'].map((name) => ({ key: `sk-ant-made-up-${name}` }))
  const gateway = await startGateway(t, upstream.url, { claude: { api_keys: keys } })
  const ask = () => send(gateway.url, { headers: gateway.headers, body: STREAMING })
  let heard = 0

  /** A client that asks again, as the SDKs do; the time between is the gateway's own. */
  async function patient (): Promise<number> {
    for (;;) {
      const { status, body, headers } = await ask()
      if (status === 200) return status
      heard++
      t.same([status, body.toString(), headers['x-should-retry']], [529, OVERLOADED, 'true'], 'the upstream\'s own answer')
    }
  }

  const impatient = await Promise.all(Array.from({ length: 10 }, ask))
  for (const { status, body } of impatient.filter(({ status }) => status !== 200)) t.same([status, body.toString()], [529, OVERLOADED])
  t.same(await Promise.all(Array.from({ length: 10 }, patient)), Array.from({ length: 10 }, () => 200))
  t.comment(`${upstream.seen.length} attempts; ${heard} answers of 529 to those that waited`)
  await settled(gateway.app)
  t.match(gateway.app.keyPool.stats(), {
    healthy_keys: 3, keys: [1, 2, 3].map(() => ({ state: 'ready', cooldowns: [], consecutive_failures: 0, last_error_reason: /overloaded for everybody/ }))
  })
})
