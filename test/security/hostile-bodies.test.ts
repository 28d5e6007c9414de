import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { send } from '../helpers/raw-client.ts'
import { messages } from '../helpers/settled.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { isEnvelope, nothingIsLeft } from '../faults/expect.ts'

const upstream = await startUpstream(t, (res) => { res.writeHead(200, { 'content-type': 'application/json' }).end('{}') })
const gateway = await startGateway(t, upstream.url)
t.beforeEach(() => { upstream.seen.length = 0 })

const REFUSED: Record<string, [body: Buffer | string, message: RegExp]> = {
  'no JSON': ['{"model":', /^body: is not valid JSON/],
  empty: ['', /^body: is empty/],
  'white space': [' \n', /^body: is not valid JSON/],
  'a byte order mark': ['\ufeff' + messages(), /^body: /],
  'invalid UTF-8': [Buffer.concat([Buffer.from('{"model":"m","messages":["'), Buffer.from([0xff, 0xfe]), Buffer.from('"]}')]), /^body: is not valid UTF-8/],
  'overlong UTF-8': [Buffer.concat([Buffer.from('{"model":"m","messages":["'), Buffer.from([0xc0, 0xaf]), Buffer.from('"]}')]), /^body: is not valid UTF-8/],
  'UTF-16': [Buffer.from(messages(), 'utf16le'), /^body: /],
  'two values': [messages() + messages(), /^body: is not valid JSON/],
  'a comment': [`/**/${messages()}`, /^body: is not valid JSON/],
  NaN: ['{"model":"m","messages":[NaN]}', /^body: is not valid JSON/],
  null: ['null', /^body: /],
  'an array': ['[]', /^body: /],
  'a string': ['"model"', /^body: /],
  'no model': ['{"messages":[]}', /^model: /],
  'an empty model': ['{"model":"","messages":[]}', /^model: /],
  'a model that is a number': ['{"model":1,"messages":[]}', /^model: /],
  'no messages': ['{"model":"m"}', /^messages: /],
  'messages that are an object': ['{"model":"m","messages":{}}', /^messages: /],
  'stream that is a string': ['{"model":"m","messages":[],"stream":"true"}', /^stream: /],
  'a model that comes from the prototype': ['{"__proto__":{"model":"m","messages":[]}}', /^model: /]
}

for (const [name, [body, message]] of Object.entries(REFUSED)) {
  t.test(`${name}: refused with a message that names the field`, async (t) => {
    const answer = await send(gateway.url, { headers: gateway.headers, body })
    isEnvelope(t, answer, 400, 'invalid_request_error')
    t.match((JSON.parse(answer.body.toString()) as { error: { message: string } }).error.message, message)
    t.equal(upstream.seen.length, 0)
  })
}

const SERVED: Record<string, string> = {
  'arrays 10,000 deep': `{"model":"m","messages":[${'['.repeat(10_000)}${']'.repeat(10_000)}]}`,
  'objects 10,000 deep': `{"model":"m","messages":[${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}]}`,
  '100,000 keys': `{"model":"m","messages":[],${Array.from({ length: 100_000 }, (_, index) => `"k${index}":0`).join(',')}}`,
  'a number of a million digits': `{"model":"m","messages":[${'9'.repeat(1_000_000)}]}`,
  'keys of Object.prototype': '{"model":"m","messages":[],"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'
}

for (const [name, body] of Object.entries(SERVED)) {
  t.test(`${name}: passed on`, async (t) => {
    const answer = await send(gateway.url, { headers: gateway.headers, body })
    t.equal(answer.status, 200)
    t.equal(upstream.seen[0]?.body.toString(), body)
    t.equal(({} as Record<string, unknown>)['polluted'], undefined)
  })
}

t.test('after all of them the gateway serves', async (t) => nothingIsLeft(t, gateway))
