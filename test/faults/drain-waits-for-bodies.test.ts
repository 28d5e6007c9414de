import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { RawClient, rawPost } from '../helpers/raw-client.ts'
import { messages } from '../helpers/settled.ts'
import { until } from '../helpers/until.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { nothingIsLeft } from './expect.ts'

t.test('a request whose body was on its way when the drain began is still served', async (t) => {
  const upstream = await startUpstream(t, (res) => { res.writeHead(200, { 'content-type': 'application/json' }).end('{"made":"up"}') })
  const gateway = await startGateway(t, upstream.url)
  let arrived = false
  gateway.app.server.once('request', () => { arrived = true })
  const client = new RawClient(t, gateway.port)
  const request = rawPost(gateway.token, messages(), ['connection: close'])
  client.write(request.slice(0, -10))
  await until(() => arrived, 'the headers to arrive')

  let drained = false
  const drain = gateway.app.drain.start().then(() => { drained = true })
  await fetch(`${gateway.url}/health`)
  t.notOk(drained, 'the drain waits')
  client.write(request.slice(-10))
  t.match(await client.end(), /^HTTP\/1\.1 200 [^]*\{"made":"up"\}/)
  await drain
  await nothingIsLeft(t, gateway)
})
