import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { head, startRawUpstream } from '../helpers/raw-upstream.ts'
import { Exchange, RawClient, rawPost } from '../helpers/raw-client.ts'
import { messages } from '../helpers/settled.ts'
import { nothingIsLeft } from './expect.ts'

// A JSON answer so large that it had begun to reach the client when the upstream failed. HTTP framing is then all that can tell.

const BEGUN = `{"content":"${'x'.repeat(400_000)}`

for (const [name, framing] of [['with a length', 'content-length: 1000000'], ['in chunks', 'transfer-encoding: chunked']] as const) {
  t.test(`an answer ${name} that breaks off is not whole for the client`, async (t) => {
    const part = framing.startsWith('content') ? BEGUN : `${BEGUN.length.toString(16)}\r\n${BEGUN}\r\n`
    const upstream = await startRawUpstream(t, (socket) => {
      socket.end(head('200 OK', 'content-type: application/json', framing) + part)
    })
    const gateway = await startGateway(t, upstream.url)
    const answer = await new Exchange(gateway.url, { headers: gateway.headers, body: messages() }).done
    t.notOk(answer.whole)
    t.notMatch(answer.body.toString(), /"type":"error"/, 'no second JSON is glued to the first')
    await nothingIsLeft(t, gateway)
  })
}

t.test('the connection is not used for another answer', async (t) => {
  const upstream = await startRawUpstream(t, (socket) => {
    socket.end(head('200 OK', 'content-type: application/json', 'content-length: 1000000') + BEGUN)
  })
  const gateway = await startGateway(t, upstream.url)
  const client = new RawClient(t, gateway.port)
  client.write(rawPost(gateway.token, messages()))
  const text = await client.end()
  t.match(text, /^HTTP\/1\.1 200 OK/)
  t.equal(text.split('HTTP/1.1').length, 2)
})
