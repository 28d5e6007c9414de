import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { send } from '../helpers/raw-client.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { startUpstream, wholeStream } from '../helpers/upstream.ts'

const KEYS = ['a', 'b'].map((name) => ({ key: `sk-ant-made-up-${name}`, org: name }))
/** What each organisation may ask before it is refused. */
const LIMIT = 100

t.test('an organisation whose limit is nearly used up is spared before it refuses anything', async (t) => {
  const left: Record<string, number> = { a: LIMIT, b: 10 * LIMIT }
  let refused = 0
  const upstream = await startUpstream(t, (res, { req }) => {
    const name = String(req.headers['x-api-key']).at(-1)!
    if (--left[name]! < 0) refused++
    res.writeHead(left[name]! < 0 ? 429 : 200, {
      'content-type': 'text/event-stream',
      'anthropic-ratelimit-requests-limit': name === 'a' ? LIMIT : 10 * LIMIT,
      'anthropic-ratelimit-requests-remaining': left[name],
      'anthropic-ratelimit-requests-reset': new Date(Date.now() + 600_000).toISOString()
    })
    res.end(wholeStream('hi'))
  })
  const gateway = await startGateway(t, upstream.url, { claude: { api_keys: KEYS } })
  for (let i = 0; i < 3 * LIMIT; i++) t.equal((await send(gateway.url, { headers: gateway.headers, body: STREAMING })).status, 200)
  t.equal(refused, 0, 'no attempt was burnt')
  t.equal(left['a'], 4, 'less than a twentieth of the limit is left, and stays')
  await settled(gateway.app)
  t.match(gateway.app.keyPool.stats().keys, [
    { models: [{ state: 'near_limit', rate_limits: [{ name: 'requests', limit: LIMIT, remaining: 4 }] }] },
    { models: [{ state: 'ready' }] }
  ])
})
