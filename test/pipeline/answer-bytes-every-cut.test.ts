import t, { type Test } from 'tap'
import { CRLF_FIXTURE, FIXTURE, USAGE } from './fixture.ts'
import { JSON_BODY, pass, STREAM } from './stages.ts'

// Wherever the network cuts an answer, the bytes that leave are the bytes that came, and the tokens counted are the same.

const BODY = JSON.stringify({
  id: 'msg_made_up',
  content: [{ type: 'text', text: 'é 你好 👩‍👩‍👧' }],
  usage: { input_tokens: 25, cache_creation_input_tokens: 7, cache_read_input_tokens: 100, output_tokens: 42 }
})

for (const [name, text, headers] of [
  ['a stream', FIXTURE, STREAM],
  ['a stream with CRLF', CRLF_FIXTURE, STREAM],
  ['a JSON body', BODY, JSON_BODY]
] as const) {
  const bytes = Buffer.from(text)

  t.test(`${name} cut in two at every byte`, async (t) => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      if (!same(t, [bytes.subarray(0, cut), bytes.subarray(cut)], `cut at byte ${cut}`)) return
    }
    t.pass(`${bytes.length + 1} cuts`)
  })

  t.test(`${name} cut in three around every byte`, async (t) => {
    for (let cut = 1; cut < bytes.length; cut++) {
      if (!same(t, [bytes.subarray(0, cut), bytes.subarray(cut, cut + 1), bytes.subarray(cut + 1)], `byte ${cut} alone`)) return
    }
    t.pass(`${bytes.length - 1} cuts`)
  })

  for (const size of [1, 2, 3, 7, 64]) {
    t.test(`${name} in chunks of ${size}`, async (t) => {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size))
      t.ok(same(t, chunks, `chunks of ${size}`))
    })
  }

  /** One assertion would be thousands; only a difference is told. */
  function same (t: Test, chunks: Buffer[], how: string): boolean {
    const { collector, usage } = pass(chunks, headers)
    const good = collector.bytes.equals(bytes) && collector.outcome === 'ended' && JSON.stringify(usage) === JSON.stringify(USAGE)
    if (!good) {
      t.equal(collector.bytes.toString(), text, how)
      t.equal(collector.outcome, 'ended', how)
      t.same(usage, USAGE, how)
    }
    return good
  }
}
