import { equal, ok } from 'node:assert/strict'
import t from 'tap'
import fc from 'fast-check'
import { accumulate } from './helpers/accumulate.ts'
import { BROKEN, read, stream, WHOLE } from './helpers/web-streams.ts'

const EVENTS = [...WHOLE, ...BROKEN].map((name) => stream(name).toString().replaceAll('\r', '').split('\n\n').slice(0, -1))
const ALL = EVENTS.flat()
const place = fc.nat(200)
const damage = fc.oneof(
  fc.record({ kind: fc.constant('drop' as const), at: place }),
  fc.record({ kind: fc.constant('insert' as const), at: place, what: fc.constantFrom(...ALL) }),
  fc.record({ kind: fc.constant('null' as const), at: place, value: fc.nat(20) }),
  fc.record({ kind: fc.constant('swap' as const), at: place })
)

function damaged (events: string[], damages: Array<typeof damage extends fc.Arbitrary<infer D> ? D : never>): string[] {
  const list = [...events]
  for (const change of damages) {
    const at = change.at % list.length
    switch (change.kind) {
      case 'drop':
        if (list.length > 1) list.splice(at, 1)
        break
      case 'insert':
        list.splice(at, 0, change.what)
        break
      case 'null':
        list[at] = nulled(list[at]!, change.value)
        break
      case 'swap':
        list.splice(at, 0, ...list.splice(Math.max(0, at - 1), 2).reverse())
    }
  }
  return list
}

/** The event with one of its values made null; the JSON stays JSON. */
function nulled (event: string, value: number): string {
  const values = [...event.matchAll(/(?<=":)(?:"(?:[^"\\]|\\.)*"|\d+|true|false)(?=[,}])/g)]
  const found = values[value % Math.max(1, values.length)]
  return found === undefined ? event : event.slice(0, found.index) + 'null' + event.slice(found.index + found[0].length)
}

t.test('however a stream is damaged, what ends properly is a proper answer, and nothing else ends', async () => {
  fc.assert(fc.property(fc.constantFrom(...EVENTS), fc.array(damage, { minLength: 1, maxLength: 6 }), (events, damages) => {
    const bytes = Buffer.from(damaged(events, damages).map((event) => `${event}\n\n`).join(''))
    const { answer, told } = read([bytes], { stopSequences: ['so.', 'wor'] })
    const whole = read([bytes], { stopSequences: ['so.', 'wor'], stream: false })
    ok(!answer.over || answer.error === null)
    equal(told.includes('event: message_stop'), answer.over)
    equal(whole.told !== '', answer.over)
    if (!answer.over) return
    const { message } = accumulate(told)
    const { container, diagnostics, ...object } = JSON.parse(whole.told)
    equal(JSON.stringify(object.content), JSON.stringify(message.content))
    equal(object.stop_reason, message.stop_reason)
    equal(message.content.map((block) => block.text ?? '').join(''), answer.text)
  }), { numRuns: 2_000 })
})

t.test('bytes of any kind neither throw nor end', async () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (pieces) => {
    const { answer } = read([Buffer.from('data: '), ...pieces.map((piece) => Buffer.from(piece))])
    ok(!answer.over)
  }), { numRuns: 500 })
})
