import t from 'tap'
import { send } from '../helpers/raw-client.ts'
import { cookieOf, startWebGateway, webSettled, type WebGateway } from '../helpers/web.ts'
import { messages, STREAMING } from '../helpers/settled.ts'

const ONE_OF_EACH = [cookieOf('one'), cookieOf('two'), cookieOf('three')]

function ask (gateway: WebGateway, body = STREAMING) {
  return send(gateway.url, { headers: gateway.headers, body })
}

/** The list of sessions by name. */
async function listed (gateway: WebGateway): Promise<Record<string, object>> {
  const { body } = await gateway.admin('/api/session/list')
  return Object.fromEntries(body.sessions.map((session: { name: string }) => [session.name, session]))
}

t.test('one dead and one limited session among three: 200 requests, none fails, and the list says why', async (t) => {
  const gateway = await startWebGateway(t, ONE_OF_EACH)
  const reset = Math.ceil(Date.now() / 1_000) + 3_600
  gateway.web.kill(ONE_OF_EACH[0]!)
  gateway.web.limit(ONE_OF_EACH[1]!, { resetsAt: reset })
  const answers = []
  for (let round = 0; round < 20; round++) answers.push(...await Promise.all(Array.from({ length: 10 }, () => ask(gateway))))
  t.equal(answers.length, 200)
  t.same(answers.filter(({ status, body, whole }) => status !== 200 || !whole || !body.includes('message_stop')), [])
  const sessions = await listed(gateway)
  t.match(sessions['session 1'], { status: 'dead', status_reason: 'the session is signed out or has expired', cooldown_until: null })
  t.match(sessions['session 2'], {
    status: 'cooling_down',
    status_reason: 'the session has used up what its plan allows for now',
    cooldown_until: new Date(reset * 1_000).toISOString()
  })
  t.match(sessions['session 3'], { status: 'active', status_reason: null })
})

t.test('200 requests at the same time meet the two bad ones before anybody knows, and none fails', async (t) => {
  const gateway = await startWebGateway(t, ONE_OF_EACH)
  gateway.web.kill(ONE_OF_EACH[0]!)
  gateway.web.limit(ONE_OF_EACH[1]!, { resetsAt: Math.ceil(Date.now() / 1_000) + 3_600 })
  const answers = await Promise.all(Array.from({ length: 200 }, () => ask(gateway)))
  t.same(answers.filter(({ status, whole }) => status !== 200 || !whole).map(({ status, body }) => `${status} ${body.toString().slice(0, 200)}`), [])
})

t.test('a rate limit that an admin clears is forgotten at once', async (t) => {
  const gateway = await startWebGateway(t, [ONE_OF_EACH[0]!])
  gateway.web.limit(ONE_OF_EACH[0]!, { resetsAt: Math.ceil(Date.now() / 1_000) + 3_600 })
  const refused = await ask(gateway)
  t.equal(refused.status, 429)
  t.ok(Number(refused.headers['retry-after']) > 3_500, 'and when to come back')
  gateway.web.clear(ONE_OF_EACH[0]!)
  t.equal((await ask(gateway)).status, 429, 'it is not asked meanwhile')
  t.equal((await gateway.admin(`/api/session/${gateway.sessions[0]}/reset`, {})).status, 200)
  t.equal((await ask(gateway)).status, 200)
})

t.test('a limit of one model leaves the others usable', async (t) => {
  const gateway = await startWebGateway(t, [ONE_OF_EACH[0]!])
  gateway.web.limit(ONE_OF_EACH[0]!, { resetsAt: Math.ceil(Date.now() / 1_000) + 600, model: 'claude-opus-5-5' })
  t.equal((await ask(gateway, messages({ model: 'claude-opus-5-5' }))).status, 429)
  t.equal((await ask(gateway)).status, 200)
  t.match((await listed(gateway))['session 1'], { status: 'active', cooldowns: [{ model: 'claude-opus-5-5' }] })
})

t.test('a model that no plan has is 404, with the session left in use', async (t) => {
  const gateway = await startWebGateway(t, [cookieOf('plan-free')])
  const refused = await ask(gateway, messages({ model: 'claude-opus-5-5' }))
  t.equal(refused.status, 404)
  t.match(JSON.parse(refused.body.toString()), { error: { type: 'not_found_error', message: /claude-opus-5-5/ } })
  t.equal((await ask(gateway)).status, 200)
})

t.test('a model that one plan has is asked of that one', async (t) => {
  const gateway = await startWebGateway(t, [cookieOf('plan-free'), cookieOf('plan-max')])
  for (let n = 0; n < 4; n++) t.equal((await ask(gateway, messages({ model: 'claude-opus-5-5', stream: true }))).status, 200)
  await webSettled(gateway.app)
  t.equal(gateway.web.requests.filter(({ endpoint }) => endpoint === 'completion').length, 5, 'the free plan is asked once')
})

for (const [fault, status, message] of [
  ['challenge', 503, /browser check.*session is fine/],
  ['redirect', 503, /redirect.*session is fine/],
  ['too-long', 400, /prompt is too long/],
  ['bare-403', 502, /claude\.ai/]
] as const) {
  t.test(`${fault} is told as what it is, and no session is held to blame`, async (t) => {
    const gateway = await startWebGateway(t, [ONE_OF_EACH[0]!, ONE_OF_EACH[1]!])
    gateway.web.fail('completion', fault, 10)
    const refused = await ask(gateway)
    t.equal(refused.status, status)
    t.match(JSON.parse(refused.body.toString()).error.message, message)
    const sessions = await listed(gateway)
    for (const session of Object.values(sessions)) t.match(session, { status: 'active', status_reason: null })
    await webSettled(gateway.app)
    t.equal(gateway.web.conversations.size, 0, 'and nothing is left behind')
  })
}

t.test('an error in the client\'s protocol follows what was told, and no other session is asked', async (t) => {
  const gateway = await startWebGateway(t, [ONE_OF_EACH[0]!, ONE_OF_EACH[1]!])
  gateway.web.fail('completion', 'error-mid')
  const { status, body } = await ask(gateway)
  t.equal(status, 200)
  t.match(body.toString(), /event: message_start[^]*event: error\ndata: \{"type":"error"/)
  t.notMatch(body.toString(), /event: message_stop/)
  await webSettled(gateway.app)
  t.equal(gateway.web.requests.filter(({ endpoint }) => endpoint === 'completion').length, 1)
  t.equal(gateway.web.conversations.size, 0)
})

t.test('a stream without its final event is an error, not a short answer', async (t) => {
  const gateway = await startWebGateway(t, [ONE_OF_EACH[0]!])
  for (const stream of [true, false]) {
    gateway.web.fail('completion', 'truncate')
    const { status, body } = await ask(gateway, messages({ stream }))
    t.equal(status, stream ? 200 : 502)
    t.match(body.toString(), /"type":"error"/)
  }
})

t.test('too many streams at once go to another session', async (t) => {
  const gateway = await startWebGateway(t, [cookieOf('concurrent-1'), cookieOf('other')])
  gateway.web.fail('completion', 'concurrents')
  t.equal((await ask(gateway)).status, 200)
})
