import t from 'tap'
import { STREAMS, stream, translated, TRANSLATORS } from './helpers/streams.ts'

for (const [kind, create] of Object.entries(TRANSLATORS)) {
  t.test(`${kind} is the same wherever the stream is cut`, async (t) => {
    for (const name of STREAMS) {
      const bytes = stream(name)
      const whole = translated(create(), [bytes])
      t.ok(whole.length > 0, name)
      const different: number[] = []
      for (let cut = 1; cut < bytes.length; cut++) {
        if (translated(create(), [bytes.subarray(0, cut), bytes.subarray(cut)]) !== whole) different.push(cut)
      }
      t.same(different, [], `${name}, cut in two`)
      t.equal(translated(create(), [...bytes].map((byte) => Buffer.from([byte]))), whole, `${name}, byte by byte`)
    }
  })

  t.test(`${kind} of a stream that is not whole is not whole`, async (t) => {
    for (const name of STREAMS) {
      const bytes = stream(name)
      const end = bytes.indexOf('event: message_stop')
      if (end === -1) continue
      const translator = create()
      translator.read(bytes.subarray(0, bytes.indexOf('\n\n', end) + 1))
      t.notOk(translator.over, name)
      t.equal(translator.error, null)
    }
  })
}
