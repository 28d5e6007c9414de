import t from 'tap'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { startGateway } from '../helpers/gateway.ts'
import { Exchange } from '../helpers/raw-client.ts'
import { messages, settled, STREAMING } from '../helpers/settled.ts'
import { startUpstream } from '../helpers/upstream.ts'

for (const [name, body] of [['a stream', STREAMING], ['a whole answer', messages()]] as const) {
  t.test(`a client that leaves before the upstream answers ends the upstream request, waiting for ${name}`, async (t) => {
    const asked = Promise.withResolvers<ServerResponse>()
    const upstream = await startUpstream(t, (res) => asked.resolve(res))
    const gateway = await startGateway(t, upstream.url)
    const exchange = new Exchange(gateway.url, { headers: gateway.headers, body })
    const closed = once(await asked.promise, 'close')

    exchange.leave()
    await closed
    await settled(gateway.app)
    t.equal(gateway.app.keyPool.stats().keys[0]?.error_count, 0, 'the key is not blamed')
  })
}
