import t, { type Test } from 'tap'
import { buildSimulator } from '../../src/simulator/app.ts'
import { startGateway, type ConfigChanges } from '../helpers/gateway.ts'
import { send } from '../helpers/raw-client.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { parseEvents } from '../helpers/sse.ts'

type Keys = NonNullable<ConfigChanges['claude']>['api_keys']

async function start (t: Test, keys: Keys, log: ConfigChanges['log'] = {}) {
  const simulator = buildSimulator()
  t.teardown(() => simulator.close())
  const url = await simulator.listen({ host: '127.0.0.1', port: 0 })
  const gateway = await startGateway(t, url, { claude: { api_keys: keys }, log })
  const ask = (headers: Record<string, string> = {}) => send(gateway.url, { headers: { ...gateway.headers, ...headers }, body: STREAMING })
  return { simulator, gateway, ask }
}

/** Keys whose organisation the simulator reads off their text, as the API does off its books. */
const good = (n: number, org = `own${n}`, labels = {}) => ({ key: `sk-ant-sim-org-${org}-good-${n}-made-up`, ...labels })
const bad = (fault: string, org = 'bad', labels = {}) => ({ key: `sk-ant-sim-org-${org}-fault-${fault}-made-up`, ...labels })

for (const fault of ['401', '403', '429', '429-date', '429-none', 'credit']) {
  t.test(`${fault} from one key: the client is answered with another, and never learns of it`, async (t) => {
    const { ask, gateway, simulator } = await start(t, [bad(fault), good(1)])
    for (let i = 0; i < 4; i++) {
      const answer = await ask()
      t.equal(answer.status, 200)
      t.equal(parseEvents(answer.body.toString()).at(-1)?.event, 'message_stop')
    }
    t.equal(simulator.simulator.requests, 5, 'one attempt was lost on it, and no more')
    await settled(gateway.app)
  })
}

for (const fault of ['500', '529', 'overloaded-first', 'reset-before']) {
  t.test(`${fault} once: tried again after a moment, and no key is marked`, async (t) => {
    const { ask, gateway } = await start(t, [good(1)])
    const answer = await ask({ 'anthropic-simulator-fault': `${fault};times=1` })
    t.equal(answer.status, 200)
    t.equal(parseEvents(answer.body.toString()).at(-1)?.event, 'message_stop')
    t.match(gateway.app.keyPool.stats(), { healthy_keys: 1, keys: [{ request_count: 2, error_count: 1, cooldowns: [] }] })
    await settled(gateway.app)
  })
}

t.test('a platform in lasting trouble: three attempts, then the upstream\'s own words', async (t) => {
  const { ask, gateway, simulator } = await start(t, [good(1)])
  const answer = await ask({ 'anthropic-simulator-fault': '529' })
  t.equal(answer.status, 529)
  t.match(JSON.parse(answer.body.toString()), { error: { type: 'overloaded_error', message: 'Overloaded' } })
  t.equal(simulator.simulator.requests, 3)
  t.equal(gateway.app.keyPool.stats().healthy_keys, 1)
  await settled(gateway.app)
})

t.test('a rate limit that names no time, when the attempts are spent and other keys are free: the client is told to come back', async (t) => {
  const { ask, gateway } = await start(t, [1, 2, 3, 4, 5].map((n) => bad('429-none', `own${n}`)))
  const answer = await ask()
  t.equal(answer.status, 429)
  t.equal(answer.headers['retry-after'], '1')
  await settled(gateway.app)
})

t.test('extra attempts are bounded over all requests', async (t) => {
  const { ask, simulator, gateway } = await start(t, [good(1)])
  await Promise.all(Array.from({ length: 100 }, () => ask({ 'anthropic-simulator-fault': '529' })))
  t.ok(simulator.simulator.requests <= 140, `${simulator.simulator.requests} attempts for 100 requests: a reserve of 20 and a fifth`)
  await settled(gateway.app)
})

t.test('a fault of the request is not tried again', async (t) => {
  const { ask, simulator } = await start(t, [good(1), good(2)])
  t.equal((await ask({ 'anthropic-simulator-fault': '400' })).status, 400)
  t.equal(simulator.simulator.requests, 1)
})

t.test('nor is an answer that has begun', async (t) => {
  const { ask, simulator } = await start(t, [good(1), good(2)])
  const answer = await ask({ 'anthropic-simulator-fault': 'reset-mid' })
  t.equal(parseEvents(answer.body.toString()).at(-1)?.event, 'error')
  t.equal(simulator.simulator.requests, 1)
})

t.test('no attempt is burnt on the second key of a limited organisation', async (t) => {
  const { ask, simulator } = await start(t, [bad('429', 'acme', { org: 'Acme' }), good(1, 'acme', { org: 'Acme' })])
  t.equal((await ask()).status, 429)
  t.equal(simulator.simulator.requests, 1)
  t.equal((await ask()).status, 429, 'the next request is told by the gateway itself')
  t.equal(simulator.simulator.requests, 1)
})

t.test('without labels, the organisation is learnt from the answers', async (t) => {
  const { ask, simulator } = await start(t, [bad('429', 'acme'), good(1, 'acme')])
  t.equal((await ask()).status, 200)
  const known = simulator.simulator.requests
  t.equal((await ask()).status, 429)
  t.equal(simulator.simulator.requests, known)
})

t.test('when every key is limited, retry-after is the true earliest recovery', async (t) => {
  const { ask } = await start(t, [bad('429;retry-after=20', 'one'), bad('429;retry-after=600', 'two')])
  const first = await ask()
  t.equal(first.status, 429)
  t.match(JSON.parse(first.body.toString()), { error: { type: 'rate_limit_error' } }, 'the upstream\'s own words')
  t.ok(Number(first.headers['retry-after']) <= 20)
})

t.test('three keys in two organisations, one limited, one refused, one well: nobody notices', async (t) => {
  const { ask, simulator, gateway } = await start(t, [bad('429;retry-after=600', 'acme'), bad('401', 'other'), good(1, 'other')])
  for (let batch = 0; batch < 20; batch++) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask()))
    t.ok(answers.every(({ status, body }) => status === 200 && body.includes('message_stop')))
  }
  const extra = simulator.simulator.requests - 1_000
  t.comment(`${extra} extra attempts for 1,000 requests`)
  t.ok(extra <= 100, 'only those that were under way before the faults were known')
  const before = simulator.simulator.requests
  await Promise.all(Array.from({ length: 100 }, () => ask()))
  t.ok(simulator.simulator.requests - before <= 102, 'and after that at most two in a hundred')
  const reasons = gateway.app.keyPool.stats().keys.map(({ last_error_reason: reason }) => reason)
  t.match(reasons, [/rate limited/, /not accepted/, null])
  await settled(gateway.app)
})

t.test('the trail is told to who asks for it, and to the log', async (t) => {
  const { ask, gateway } = await start(t, [bad('401'), good(1)], { level: 'info' })
  const ids = gateway.app.keyPool.stats().keys.map(({ id }) => id)
  t.equal((await ask({ 'x-ccproxy-debug': '1' })).headers['x-ccproxy-trace'], ids.join('; '))
  const next = await ask({ 'x-ccproxy-debug': '1' })
  t.equal(next.headers['x-ccproxy-trace'], `${ids[0]} passed over: the key is not accepted; ${ids[1]}`)
  t.notOk('x-ccproxy-trace' in (await ask()).headers)
  await settled(gateway.app)
  t.match(gateway.log.map((line) => JSON.parse(line) as object).find((line) => 'trail' in line), { trail: ids })
})

t.test('a client that leaves while another attempt waits for its moment leaves nothing behind', async (t) => {
  const { gateway } = await start(t, [good(1)])
  const controllers = Array.from({ length: 30 }, () => new AbortController())
  const asked = controllers.map(({ signal }) => fetch(`${gateway.url}/v1/messages`, {
    method: 'POST', headers: { ...gateway.headers, 'anthropic-simulator-fault': '529' }, body: STREAMING, signal
  }).then((answer) => answer.text(), () => 'gone'))
  await Promise.race(asked)
  for (const controller of controllers) controller.abort()
  await Promise.all(asked)
  await settled(gateway.app)
  t.equal(gateway.app.keyPool.leases, 0)
})
