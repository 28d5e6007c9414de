import t from 'tap'
import fc from 'fast-check'
import { glance } from '../../src/routes/glance.ts'

const look = (text: string) => glance(Buffer.from(text))

t.test('the model and the array of messages are found, whatever stands before them', async (t) => {
  t.same(look('{"model":"m","messages":[{"role":"user"}],"max_tokens":1}'), { model: 'm', messages: [] })
  t.same(look('{"messages":[{"content":"}]\\"{"}],"model":"m"}'), { model: 'm', messages: [] })
  t.same(look(' {\n"stream" : true , "system":[{"text":"[\\\\"}], "n": -1.5e3, "x":null,"model": "m" ,\t"messages" : [] } \n'), { model: 'm', messages: [], stream: true })
})

t.test('what is wrong, or could be read in two ways, is left to the parser', async (t) => {
  const bodies = [
    '', '   ', '[1]', '{}', '{"model":"m"}', '{"messages":[]}', '{"model":"m","messages":{}}', '{"model":"m","messages":"[]"}', '{"model":5,"messages":[]}',
    '{"model":"","messages":[]}', `{"model":"${'m'.repeat(257)}","messages":[]}`, '{"model":"m\\u0041","messages":[]}', '{"model":"mé","messages":[]}',
    '{"stream":"true","model":"m","messages":[]}', '{"stream":1,"model":"m","messages":[]}', '{"model":"m","messages":[]', '{"model":"m" "messages":[]}',
    '{"model":"m","messages":[],"model":"n"}', '{"model":"m","model":"n","messages":[]}', '{"model":"m","messages":[],"mod\\u0065l":"n"}',
    '{"model":"m","messages":[],"\\u006dodel":"n"}', '{"\\u006dodel":"n","model":"m","messages":[]}', '{"model":"m","messages":[],"a":{"model":"n"}}',
    '{"model":"m,"messages":[]}', '{"system":"never ends","model":"m\\","messages":[]}', '{"system":[[],"model":"m","messages":[]}'
  ]
  for (const body of bodies) t.equal(look(body), null, body)
})

t.test('it never sees another model than a parser does, nor a valid request where there is none as far as it looks', async () => {
  const name = fc.constantFrom('model', 'messages', 'stream', 'system', 'max_tokens', 'mod\\u0065l', 'm\\u006Fdel', 'a"b')
  const member = fc.tuple(name, fc.oneof(fc.json(), fc.constantFrom('"m"', '"n"', '[]', '[{"model":"x"}]', 'true')))
  fc.assert(fc.property(fc.array(member, { maxLength: 6 }), fc.constantFrom('', ' ', '\n'), (members, space) => {
    const body = `{${members.map(([name, value]) => `${space}"${name.replaceAll('"', '\\"')}"${space}:${space}${value}`).join(',')}${space}}`
    const seen = look(body)
    if (seen === null) return true
    const parsed = JSON.parse(body) as { model: unknown, messages: unknown }
    return parsed.model === seen.model
  }), { numRuns: 2000 })
})

t.test('bytes of any kind are no reason to throw', async () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    glance(Buffer.from(bytes))
    glance(Buffer.concat([Buffer.from('{"model":"m",'), bytes]))
  }))
})
