import t, { type Test } from 'tap'
import { allOf, BROKEN, messageOf, read, stream, WHOLE, type StreamName } from './helpers/web-streams.ts'

/** Sequences that some of the streams meet, across their deltas, and others nearly. */
const STOPS = [[], ['<stopped>', 'so.', 'world\n', 'ü'], ['👋', ' 😀', 'Hello, tw', '<stop!']]

for (const streamed of [true, false]) {
  for (const stopSequences of STOPS) {
    t.test(`${streamed ? 'a stream' : 'a whole answer'} with ${stopSequences.length} sequences (${stopSequences[0] ?? ''}) is the same wherever it is cut`,
      async (t) => { for (const name of [...WHOLE, ...BROKEN]) checkCuts(t, name, { stream: streamed, stopSequences }) })
  }
}

function checkCuts (t: Test, name: StreamName, changes: { stream: boolean, stopSequences: string[] }): void {
  const bytes = stream(name)
  const whole = allOf([bytes], changes)
  const different: number[] = []
  for (let cut = 1; cut < bytes.length; cut++) {
    if (allOf([bytes.subarray(0, cut), bytes.subarray(cut)], changes) !== whole) different.push(cut)
  }
  t.same(different, [], `${name}, cut in two`)
  t.equal(allOf([...bytes].map((byte) => Buffer.from([byte])), changes), whole, `${name}, byte by byte`)
}

t.test('a stream and a whole answer say the same', async (t) => {
  for (const name of WHOLE) {
    for (const stopSequences of STOPS) {
      const { container, diagnostics, ...message } = JSON.parse(read([stream(name)], { stream: false, stopSequences }).told)
      t.same([container, diagnostics], [null, null])
      t.same(messageOf(stream(name), { stopSequences }).message, message, `${name}, ${stopSequences.join()}`)
    }
  }
})

t.test('an answer that is not whole has no end, wherever its stream breaks off', async (t) => {
  for (const name of WHOLE) {
    const bytes = stream(name)
    const told = read([bytes], { stream: true }).told
    let end = bytes.length
    while (read([bytes.subarray(0, end - 1)]).answer.over) end--
    for (let cut = 0; cut < end; cut++) {
      const part = read([bytes.subarray(0, cut)])
      if (part.answer.over || part.answer.error !== null || /message_delta|message_stop/.test(part.told)) t.fail(`${name} at ${cut}`)
      if (!told.startsWith(part.told)) t.fail(`${name} at ${cut} tells something else`)
      if (read([bytes.subarray(0, cut)], { stream: false }).told !== '') t.fail(`${name} at ${cut} tells a whole answer`)
    }
    t.ok(end > 0 && told.length > 0, name)
  }
})
