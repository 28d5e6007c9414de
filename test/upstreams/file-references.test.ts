import t from 'tap'
import fc from 'fast-check'
import { ReferenceScanner, referencesIn } from '../../src/upstreams/file-references.ts'

const ID = 'file_011CNha8iCJcU1wXNR6q4V8w'
const SKILL = 'skill_01AbCdEfGhIjKlMnOpQrStUv'
const escaped = (text: string, every = 1) => [...text].map((letter, i) => i % every === 0 ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}` : letter).join('')
const scan = (chunks: Buffer[]) => {
  const scanner = new ReferenceScanner()
  return new Set(chunks.flatMap((chunk) => scanner.push(chunk)))
}

for (const [what, body] of Object.entries({
  'a plain id': `{"file_id":"${ID}"}`,
  'an id that is escaped whole': `{"file_id":"${escaped(ID)}"}`,
  'an id with one letter escaped': `{"file_id":"fil\\u0065_${ID.slice(5)}"}`,
  'an id with every third letter escaped': `{"file_id":"${escaped(ID, 3)}"}`,
  'an id in capitals of hex': `{"file_id":"${escaped(ID).replaceAll(/\\u00../g, (escape) => `\\u00${escape.slice(4).toUpperCase()}`)}"}`,
  'an id between other characters': `{"text":"é${ID}\\n世界"}`
})) {
  t.test(`${what} is found, wherever the body is cut`, async (t) => {
    const bytes = Buffer.from(body)
    t.same(referencesIn(bytes), [ID])
    for (let at = 0; at <= bytes.length; at++) t.ok(scan([bytes.subarray(0, at), bytes.subarray(at)]).has(ID), `cut at ${at}`)
    t.ok(scan([...bytes].map((byte) => Buffer.of(byte))).has(ID), 'byte by byte')
  })
}

t.test('several are found, each once', async (t) => {
  t.same(referencesIn(Buffer.from(`["${ID}","${SKILL}","${ID}"]`)), [ID, SKILL])
})

for (const text of ['{}', '{"file_path":"x"}', '{"text":"a file_ and a skill_"}', '{"text":"\\u001b[0m"}', '{"text":"profile_pic"}']) {
  t.test(`${text} names none`, async (t) => {
    t.same(referencesIn(Buffer.from(text)), [])
  })
}

t.test('among anything, over any chunking, an id is found', async () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 600 }), fc.string({ unit: 'binary', maxLength: 600 }), fc.array(fc.nat(2_000), { maxLength: 6 }), fc.boolean(), (before, after, cuts, hide) => {
    const bytes = Buffer.from(JSON.stringify([before]) + `"${hide ? escaped(ID) : ID}"` + JSON.stringify([after]))
    const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
    return scan(at.slice(1).map((end, i) => bytes.subarray(at[i], end))).has(ID)
  }), { numRuns: 300 })
})

t.test('a body that names ever new ones does not fill the memory of what was met', async (t) => {
  const scanner = new ReferenceScanner()
  for (let i = 0; i < 30; i++) {
    const ids = Array.from({ length: 1_000 }, (_, n) => `file_made${String(i * 1_000 + n).padStart(8, '0')}`)
    t.ok(scanner.push(Buffer.from(JSON.stringify(ids))).length >= 1_000)
  }
})
