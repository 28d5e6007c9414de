import t from 'tap'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { startGateway } from '../helpers/gateway.ts'
import { Exchange } from '../helpers/raw-client.ts'
import { STREAMING } from '../helpers/settled.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { isEnvelope, nothingIsLeft } from './expect.ts'

t.test('revoking a token ends its request that still waits for the upstream', async (t) => {
  const asked = Promise.withResolvers<ServerResponse>()
  const upstream = await startUpstream(t, (res) => asked.resolve(res))
  const gateway = await startGateway(t, upstream.url)
  const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })
  const upstreamClosed = once(await asked.promise, 'close')

  await gateway.app.tokens.revoke(gateway.tokenId)
  isEnvelope(t, await exchange.done, 401, 'authentication_error')
  await upstreamClosed
  await nothingIsLeft(t, gateway)
})
