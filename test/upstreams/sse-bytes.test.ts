import t from 'tap'
import fc from 'fast-check'
import { endOfEvent, eventData, EventSplitter, isLonePart, LineMarker, lineMarker } from '../../src/upstreams/sse-bytes.ts'

/** Cuts a text into chunks at the given positions. */
function cut (bytes: Buffer, positions: number[]): Buffer[] {
  const at = [...new Set([0, ...positions.map((p) => p % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

t.test('EventSplitter', async (t) => {
  const ends = (...chunks: string[]) => {
    const splitter = new EventSplitter()
    return chunks.map((chunk) => splitter.split(Buffer.from(chunk)))
  }

  t.test('says where the last complete event ends', async (t) => {
    t.same(ends('data: 1\n\n'), [9])
    t.same(ends('data: 1\r\n\r\n'), [11])
    t.same(ends('data: 1\n\ndata: 2\n'), [9])
    t.same(ends('data: 1\n'), [0])
    t.same(ends('x'), [0])
  })
  t.test('also when the blank line is cut', async (t) => {
    t.same(ends('data: 1\n', '\n'), [0, 1])
    t.same(ends('data: 1\r\n\r', '\nda'), [0, 1])
    t.same(ends('data: 1\r', '\n', '\r', '\n'), [0, 0, 0, 1])
  })
  t.test('in any chunking, what is behind the last boundary is the same', async () => {
    fc.assert(fc.property(fc.stringMatching(/^(a|\r?\n){0,12}$/), fc.array(fc.nat()), (text, cuts) => {
      const splitter = new EventSplitter()
      let behind = 0
      let base = 0
      for (const chunk of cut(Buffer.from(text), cuts)) {
        const end = splitter.split(chunk)
        if (end > 0) behind = base + end
        base += chunk.length
      }
      const last = [...`\n${text}`.matchAll(/(?<=\n)\r?\n/g)].at(-1)
      return behind === (last === undefined ? 0 : last.index - 1 + last[0].length)
    }), { numRuns: 2_000 })
  })
})

t.test('endOfEvent finds the blank line', async (t) => {
  t.equal(endOfEvent(Buffer.from('data: 1\n\nrest')), 9)
  t.equal(endOfEvent(Buffer.from('data: 1\r\n\r\nrest')), 11)
  t.equal(endOfEvent(Buffer.from('data: 1\n')), -1)
  t.equal(endOfEvent(Buffer.from('')), -1)
})

t.test('eventData joins the data lines', async (t) => {
  t.equal(eventData(Buffer.from('event: x\ndata: {"a":\r\ndata:1}\n\n')), '{"a":\n1}')
  for (const event of ['x\ndata: {"a":1}\n\n', 'x\r\ndata: {"a":1}\r\n\r\n', 'x\ndata:{"a":1}\n\n', 'data: {"a":1}\n\n', 'x\n: no\ndata: {"a":1}\n\n', 'x\ndata: {"a":1}']) {
    t.equal(eventData(Buffer.from(event)), '{"a":1}', JSON.stringify(event))
  }
  for (const event of ['', '\n\n', 'x\n\n', 'stop\nid: 1\n\n', 'x\ndat']) t.equal(eventData(Buffer.from(event)), '', JSON.stringify(event))
})

t.test('LineMarker finds a marker at the start of a line only, over any chunking', async () => {
  const marker = 'event: message_'
  const piece = fc.constantFrom('event: message_stop', 'event: mess', 'ev', '\n', 'x', 'event: ', '"event: message_', '\nevent: message_')
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 8 }), (pieces, cuts) => {
    const text = pieces.join('')
    const expected = [...text.matchAll(/(?<=^|\n)event: message_/g)].map((match) => match.index + marker.length)
    const found: number[] = []
    const finder = new LineMarker(lineMarker(marker))
    let base = 0
    for (const chunk of cut(Buffer.from(text), cuts)) {
      for (let at = finder.find(chunk, 0); at !== -1; at = finder.find(chunk, at)) found.push(base + at)
      base += chunk.length
    }
    return JSON.stringify(found) === JSON.stringify(expected)
  }), { numRuns: 3_000 })
})

t.test('a lone event is told from several, from half of one and from other lines', async (t) => {
  const lone = (text: string) => isLonePart(Buffer.from(text))
  t.equal(lone('event: content_block_delta\ndata: {"a":"\\n\\n"}\n\n'), true)
  const others = [
    'event: ping\ndata: {}\n\n', 'event: content_block_delta\ndata: {}\n', 'event: content_block_delta\n\n', 'data: {}\n\n', '\n\n', '',
    'event: content_block_delta\ndata: {}\n\nevent: message_stop\ndata: {}\n\n', 'event: c\ndata: {}\nevent: error\n\n', 'event: c\n\nevent: error\n\n', 'event:content_block_delta\ndata: {}\n\n'
  ]
  for (const text of others) t.equal(lone(text), false, text)
})
