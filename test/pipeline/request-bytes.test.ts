import t from 'tap'
import { createHash } from 'node:crypto'
import { startGateway } from '../helpers/gateway.ts'
import { send } from '../helpers/raw-client.ts'
import { startUpstream } from '../helpers/upstream.ts'

// The body that a client sends is the body that the upstream gets, byte for byte: numbers that no double holds, the order of keys, escapes,
// doubled keys and white space all survive, and with them the upstream's prompt cache.

const HEAD = '{"model":"claude-sonnet-5-5","messages":[]'

const BODIES: Record<string, string> = {
  'big integers and odd numbers': `${HEAD},"metadata":{"n":123456789012345678901234567890,"f":1.0,"e":1E+5,"z":-0,"s":0.10}}`,
  'odd key order': '{"zeta":1,"stream":false,"10":1,"9":2,"messages":[],"alpha":2,"model":"claude-sonnet-5-5"}',
  escapes: `${HEAD},"system":"\\u0041\\/\\n\\ud83d\\ude00\\u2028\\"\\\\"}`,
  'lone surrogates': `${HEAD},"system":"\\ud800 \\udc00"}`,
  'keys of Object.prototype': `${HEAD},"tools":[{"__proto__":{"a":1},"constructor":{"prototype":{"b":1}}}],"__proto__":{"c":1}}`,
  'a prefix that comes twice': `${HEAD},"system":[${HEAD}},${HEAD}}]}`,
  'doubled keys': '{"model":"first","model":"claude-sonnet-5-5","messages":[1],"messages":[]}',
  unicode: `${HEAD},"system":"grüße 你好 👩‍👩‍👧 \u2028\u2029\ufeff"}`,
  'white space everywhere': ' \t\r\n{ "model" :\t"claude-sonnet-5-5" ,\r\n"messages" : [ ]\n}\n\n '
}

for (const size of [1_024, 64 * 1_024, 150 * 1_024, 1_048_577, 20 * 1_048_576]) {
  BODIES[`${size} bytes`] = `${HEAD},"n":98765432109876543210,"system":"${fill(size)}"}`
}

/** Text of about `size` bytes, as it stands inside a JSON string. */
function fill (size: number): string {
  const piece = 'é\\n7 {\\"model\\":'
  return piece.repeat(size / Buffer.byteLength(piece))
}

function digest (bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Cuts into pieces of growing, odd lengths, so that characters and tokens are cut too. */
function pieces (bytes: Buffer): Buffer[] {
  const cut: Buffer[] = []
  for (let at = 0, length = 1; at < bytes.length; at += length, length = length * 3 + 1) {
    if (at > 0) length = Math.min(length, 65_537)
    cut.push(bytes.subarray(at, at + length))
  }
  return cut
}

const upstream = await startUpstream(t, (res) => {
  res.writeHead(200, { 'content-type': 'application/json' })
  res.end('{}')
})
const gateway = await startGateway(t, upstream.url)

for (const [name, text] of Object.entries(BODIES)) {
  const bytes = Buffer.from(text)
  for (const [framing, body] of [['with its length', bytes], ['in chunks', pieces(bytes)]] as const) {
    t.test(`${name}, sent ${framing}`, async (t) => {
      const answer = await send(gateway.url, { headers: gateway.headers, body: body as Buffer | Buffer[] })
      const seen = upstream.seen.pop()
      t.equal(answer.status, 200, answer.body.toString())
      t.equal(seen?.body.length, bytes.length)
      t.equal(digest(seen!.body), digest(bytes))
      t.equal(seen?.req.headers['content-length'], String(bytes.length))
    })
  }
}
