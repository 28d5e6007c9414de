import t, { type Test } from 'tap'
import { STEPS, type Step } from '../../src/simulator/web/holds.ts'
import { Exchange } from '../helpers/raw-client.ts'
import { messages } from '../helpers/settled.ts'
import { cookieOf, startWebGateway, webSettled, type WebGateway } from '../helpers/web.ts'

const COOKIE = cookieOf('left')
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const IMAGE = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }
const WITH_IMAGE = [{ role: 'user', content: [{ type: 'text', text: 'count to 50' }, IMAGE] }]

async function nothingLeft (t: Test, gateway: WebGateway): Promise<void> {
  await webSettled(gateway.app)
  t.equal(gateway.web.conversations.size, 0, 'no conversation is left')
  t.match((await gateway.admin('/api/session/list')).body, { sessions: [{ status: 'active', status_reason: null, running: 0 }] })
  t.same(await gateway.app.db.selectFrom('web_conversations').selectAll().execute(), [], 'nor a note of one')
}

for (const step of STEPS.filter((step): step is Exclude<Step, 'delete'> => step !== 'delete')) {
  for (const stream of [true, false]) {
    t.test(`a client that leaves at ${step}, ${stream ? 'streaming' : 'waiting for a whole answer'}, leaves nothing behind`, async (t) => {
      const gateway = await startWebGateway(t, [COOKIE])
      const hold = gateway.web.hold(step)
      const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: messages({ stream, messages: WITH_IMAGE }) })
      await hold.arrived
      exchange.leave()
      // What is not given up when the client leaves goes on only when it is answered.
      if (step === 'create') hold.release()
      await nothingLeft(t, gateway)
      hold.release()
      t.equal(gateway.web.requests.filter(({ endpoint }) => endpoint === 'completion').length, step.startsWith('completion') ? 1 : 0)
    })
  }
}

for (const fault of ['reset-before', 'reset-mid', 'close-mid', 'truncate', 'error-mid', 'error-first']) {
  t.test(`${fault}: nothing is left behind`, async (t) => {
    const gateway = await startWebGateway(t, [COOKIE])
    gateway.web.fail('completion', fault, 5)
    const { body } = await new Exchange(gateway.url, { headers: gateway.headers, body: messages({ stream: true, messages: WITH_IMAGE }) }).done
    t.match(body.toString(), /"type":"error"/)
    t.notMatch(body.toString(), /event: message_stop/)
    await nothingLeft(t, gateway)
  })
}

t.test('a deletion that fails is tried again', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  gateway.web.fail('delete', '500', 2)
  gateway.web.fail('completion', 'error-mid')
  await new Exchange(gateway.url, { headers: gateway.headers, body: messages({ stream: true }) }).done
  await nothingLeft(t, gateway)
  t.equal(gateway.web.requests.filter(({ endpoint }) => endpoint === 'delete').length, 3)
})

t.test('a storm of 60 clients that leave at any time leaves nothing behind', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE, cookieOf('second')], { simulatorOptions: { paceMs: 1 } })
  for (let round = 0; round < 6; round++) {
    const request = { headers: gateway.headers, body: messages({ stream: true, messages: WITH_IMAGE }) }
    const exchanges = Array.from({ length: 10 }, () => new Exchange(gateway.url, request))
    // One by one: each leaves at another point of its way.
    for (const [index, exchange] of exchanges.entries()) {
      if (index % 3 === 0) await exchange.head.catch(() => {})
      exchange.leave()
    }
  }
  await webSettled(gateway.app)
  t.equal(gateway.web.conversations.size, gateway.app.webConversations.held)
  t.match((await gateway.admin('/api/session/list')).body.sessions.map(({ status, running }: { status: string, running: number }) => ({ status, running })),
    [{ status: 'active', running: 0 }, { status: 'active', running: 0 }])
})
