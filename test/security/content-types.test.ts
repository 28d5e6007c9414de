import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { send } from '../helpers/raw-client.ts'
import { messages } from '../helpers/settled.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { isEnvelope } from '../faults/expect.ts'

// A body is checked before it is forwarded, whatever it calls itself: a content type that slips past the schema would slip past the limits.

const upstream = await startUpstream(t, (res) => { res.writeHead(200, { 'content-type': 'application/json' }).end('{}') })
const gateway = await startGateway(t, upstream.url)
t.beforeEach(() => { upstream.seen.length = 0 })

const { 'content-type': _, ...plain } = gateway.headers

for (const type of ['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'Application/Json;Charset=UTF-8', 'application/json ;x=y']) {
  t.test(`${type}: read as JSON`, async (t) => {
    const headers = { ...plain, 'content-type': type }
    t.equal((await send(gateway.url, { headers, body: messages() })).status, 200)
    t.equal(upstream.seen[0]?.req.headers['content-type'], type, 'and passed on as it was sent')
    isEnvelope(t, await send(gateway.url, { headers, body: '{"messages":[]}' }), 400, 'invalid_request_error')
  })
}

for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx', 'application/json\tx', 'application/xml;application/json', 'json', ';', '\t']) {
  t.test(`${JSON.stringify(type)}: refused`, async (t) => {
    const answer = await send(gateway.url, { headers: { ...plain, 'content-type': type }, body: messages() })
    isEnvelope(t, answer, 400, 'invalid_request_error')
    t.match(answer.body.toString(), /content-type: /)
    t.equal(upstream.seen.length, 0)
  })
}

t.test('a tab behind the type does not slip past the schema', async (t) => {
  const headers = { ...plain, 'content-type': 'application/json\t;x' }
  isEnvelope(t, await send(gateway.url, { headers, body: '{"messages":[]}' }), 400, 'invalid_request_error')
  t.equal(upstream.seen.length, 0)
})

t.test('no type at all: refused', async (t) => {
  const answer = await send(gateway.url, { headers: plain, body: messages() })
  isEnvelope(t, answer, 400, 'invalid_request_error')
  t.match(answer.body.toString(), /content-type: /)
  t.equal(upstream.seen.length, 0)
})

t.test('no body at all: refused', async (t) => {
  const answer = await send(gateway.url, { headers: plain })
  isEnvelope(t, answer, 400, 'invalid_request_error')
  t.match(answer.body.toString(), /body: /)
})

t.test('a compressed body is refused, for it cannot be checked', async (t) => {
  const answer = await send(gateway.url, { headers: { ...gateway.headers, 'content-encoding': 'gzip' }, body: messages() })
  isEnvelope(t, answer, 400, 'invalid_request_error')
  t.match(answer.body.toString(), /content-encoding: /)
  t.equal(upstream.seen.length, 0)
})
