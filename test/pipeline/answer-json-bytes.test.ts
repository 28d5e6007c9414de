import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { send } from '../helpers/raw-client.ts'
import { messages } from '../helpers/settled.ts'
import { startUpstream } from '../helpers/upstream.ts'

// A JSON answer passes byte for byte, whether its length was told or not, and whether it fits in what is held back or not.

const BODIES = {
  small: '{ "usage":{"output_tokens":12345678901234567890},\r\n"b":1,"a":"\\u00e9 é",  "__proto__":{} }\n',
  empty: '{}',
  'larger than what is held back': `{"content":"${'é"\\n'.replace('"', '\\"').repeat(200_000)}"}`,
  'not JSON at all': '{"cut'
}

let body = ''
let chunked = false
const upstream = await startUpstream(t, (res) => {
  res.writeHead(200, { 'content-type': 'application/json', ...(chunked ? {} : { 'content-length': Buffer.byteLength(body) }) })
  res.write(body.slice(0, 1))
  res.end(body.slice(1))
})
const gateway = await startGateway(t, upstream.url)

for (const [name, text] of Object.entries(BODIES)) {
  for (const framing of [false, true]) {
    t.test(`${name}, ${framing ? 'chunked' : 'with its length'}`, async (t) => {
      body = text
      chunked = framing
      const answer = await send(gateway.url, { headers: gateway.headers, body: messages() })
      t.equal(answer.status, 200)
      t.ok(answer.whole)
      t.ok(answer.body.equals(Buffer.from(text)), 'the bytes are the same')
      t.equal(answer.headers['content-length'], framing ? undefined : String(Buffer.byteLength(text)))
    })
  }
}
