import t from 'tap'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { startGateway } from '../helpers/gateway.ts'
import { Exchange } from '../helpers/raw-client.ts'
import { settled, STREAMING } from '../helpers/settled.ts'
import { MESSAGE_END, MESSAGE_START, SSE_HEADERS, startUpstream, textDelta } from '../helpers/upstream.ts'

t.test('a client that reads slowly gets every byte of 20 MB, and the upstream waits for it', async (t) => {
  const sent = createHash('sha256')
  let waits = 0
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    async function feed (): Promise<void> {
      for (const part of [MESSAGE_START, ...Array.from({ length: 320 }, (_, index) => textDelta(`${index}é`.padEnd(65_536, 'x'))), MESSAGE_END]) {
        sent.update(part)
        if (res.write(part)) continue
        waits++
        await once(res, 'drain')
      }
      res.end()
    }
    feed().catch((error: Error) => res.destroy(error))
  })
  const gateway = await startGateway(t, upstream.url)
  const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })

  const res = await exchange.head
  const got = createHash('sha256')
  let length = 0
  res.on('data', (chunk: Buffer) => {
    got.update(chunk)
    length += chunk.length
    res.pause()
    turn().then(() => turn()).then(() => res.resume(), () => {})
  })
  await exchange.done
  t.ok(res.complete)
  t.ok(length > 20_000_000)
  t.ok(waits > 0)
  t.equal(got.digest('hex'), sent.digest('hex'))
  await settled(gateway.app)
})
