import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { RawClient, rawPost } from '../helpers/raw-client.ts'
import { messages } from '../helpers/settled.ts'
import { until } from '../helpers/until.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { nothingIsLeft } from './expect.ts'

t.test('a token revoked while the body is on its way is refused', async (t) => {
  const upstream = await startUpstream(t, (res) => { res.writeHead(200, { 'content-type': 'application/json' }).end('{}') })
  const gateway = await startGateway(t, upstream.url)
  let arrived = false
  gateway.app.server.once('request', () => { arrived = true })
  const client = new RawClient(t, gateway.port)
  const request = rawPost(gateway.token, messages(), ['connection: close'])
  client.write(request.slice(0, -10))
  await until(() => arrived, 'the headers to arrive')

  await gateway.app.tokens.revoke(gateway.tokenId)
  client.write(request.slice(-10))
  t.match(await client.end(), /^HTTP\/1\.1 401 [^]*"type":"authentication_error"/)
  t.equal(upstream.seen.length, 0)
  await nothingIsLeft(t, gateway)
})
