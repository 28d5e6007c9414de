import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { Exchange } from '../helpers/raw-client.ts'
import { STREAMING } from '../helpers/settled.ts'
import { MESSAGE_END, MESSAGE_START, SSE_HEADERS, startUpstream, textDelta } from '../helpers/upstream.ts'

t.test('each event reaches the client before the upstream sends the next', async (t) => {
  const parts = [MESSAGE_START, textDelta('one'), textDelta('two'), MESSAGE_END]
  let read: (part: string) => Promise<void> = async () => {}
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    // Were any event held back, the one after it would never be sent and the test would never end.
    async function feed (): Promise<void> {
      for (const part of parts) {
        res.write(part)
        await read(part)
      }
      res.end()
    }
    feed().catch((error: Error) => res.destroy(error))
  })
  const gateway = await startGateway(t, upstream.url)
  const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })
  read = (part) => exchange.has(part)

  const answer = await exchange.done
  t.equal(answer.body.toString(), parts.join(''))
  t.ok(answer.whole)
})
