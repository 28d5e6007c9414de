import t from 'tap'
import type { Socket } from 'node:net'
import { startGateway, type ConfigChanges } from '../helpers/gateway.ts'
import { chunk, LAST_CHUNK, startRawUpstream, STREAM_HEAD } from '../helpers/raw-upstream.ts'
import { Exchange } from '../helpers/raw-client.ts'
import { parseEvents } from '../helpers/sse.ts'
import { STREAMING } from '../helpers/settled.ts'
import { MESSAGE_START, textDelta } from '../helpers/upstream.ts'
import { endsWithErrorEvent, nothingIsLeft } from './expect.ts'

// An upstream that fails once the answer has begun: the client keeps every whole event and is told with an error event. Never a clean end,
// and never half an event, which a client could only choke on.

const DELTA = textDelta('hello')
const CUTS: Record<string, string> = {
  'between two events': MESSAGE_START + DELTA,
  'inside an event\'s name': MESSAGE_START + DELTA.slice(0, 12),
  'inside an event\'s data': MESSAGE_START + DELTA.slice(0, 60),
  'before an event\'s blank line': MESSAGE_START + DELTA.slice(0, -1),
  'inside a field\'s name': MESSAGE_START + DELTA.slice(0, 3),
  'inside an event with CRLF': (MESSAGE_START + DELTA).replaceAll('\n', '\r\n').slice(0, -3)
}

const ENDS: Record<string, { end: (socket: Socket) => void, type?: string, config?: ConfigChanges }> = {
  reset: { end: (socket) => socket.resetAndDestroy() },
  'closed without the last chunk': { end: (socket) => socket.end() },
  'ended politely without message_stop': { end: (socket) => socket.write(LAST_CHUNK) },
  'followed by garbage': { end: (socket) => socket.write('zz\r\n') },
  'followed by silence': { end: () => {}, type: 'timeout_error', config: { claude: { idle_timeout: 50 } } }
}

for (const [how, { end, type = 'api_error', config }] of Object.entries(ENDS)) {
  for (const [where, text] of Object.entries(CUTS)) {
    t.test(`${how}, ${where}`, async (t) => {
      let go: (socket: Socket) => Promise<void> = async () => {}
      const upstream = await startRawUpstream(t, (socket) => {
        socket.write(STREAM_HEAD)
        socket.write(chunk(text))
        go(socket).catch(() => socket.destroy())
      })
      const gateway = await startGateway(t, upstream.url, config)
      const exchange = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })
      const whole = text.slice(0, text.search(/(?:(?<=\n)\r?\n)(?!.*(?<=\n)\r?\n)/s)) + (text.includes('\r') ? '\r\n' : '\n')
      // The fault comes once the client has read what there was: a reset may overtake what is still on its way.
      go = async (socket) => {
        await exchange.has(whole)
        end(socket)
      }

      const answer = await exchange.done
      t.match(answer.body.toString().slice(whole.length), /^event: error\ndata: [^\n]+\n\n$/, 'behind the whole events stands the error and nothing else')
      t.ok(answer.body.toString().startsWith(whole), 'which came unchanged')
      endsWithErrorEvent(t, answer, type)
      t.equal(parseEvents(answer.body.toString())[0]?.event, 'message_start')
      await nothingIsLeft(t, gateway)
    })
  }
}
