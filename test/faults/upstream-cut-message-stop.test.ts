import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { chunk, LAST_CHUNK, startRawUpstream, STREAM_HEAD } from '../helpers/raw-upstream.ts'
import { send } from '../helpers/raw-client.ts'
import { STREAMING } from '../helpers/settled.ts'
import { wholeStream } from '../helpers/upstream.ts'
import { endsWithErrorEvent, nothingIsLeft } from './expect.ts'

// An event without its blank line was never sent (HTML standard, 9.2.6): what the gateway adds behind it must not complete it.
const LENGTH = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'.length

for (let missing = 1; missing < LENGTH; missing++) {
  t.test(`message_stop without its last ${missing} bytes is no end`, async (t) => {
    const upstream = await startRawUpstream(t, (socket) => {
      socket.write(Buffer.concat([Buffer.from(STREAM_HEAD), chunk(wholeStream('hi').slice(0, -missing)), Buffer.from(LAST_CHUNK)]))
    })
    const gateway = await startGateway(t, upstream.url)
    endsWithErrorEvent(t, await send(gateway.url, { headers: gateway.headers, body: STREAMING }), 'api_error')
    await nothingIsLeft(t, gateway)
  })
}
