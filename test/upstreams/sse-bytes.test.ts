import t from 'tap'
import fc from 'fast-check'
import { BoundaryTracker, endOfEvent, eventData, LineMarker } from '../../src/upstreams/sse-bytes.ts'

/** Cuts a text into chunks at the given positions. */
function cut (bytes: Buffer, positions: number[]): Buffer[] {
  const at = [...new Set([0, ...positions.map((p) => p % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

t.test('BoundaryTracker', async (t) => {
  const boundaryAfter = (...chunks: string[]) => {
    const tracker = new BoundaryTracker()
    for (const chunk of chunks) tracker.see(Buffer.from(chunk))
    return tracker.atBoundary
  }

  t.test('a stream that has not begun is at a boundary', async (t) => t.equal(boundaryAfter(), true))
  t.test('a blank line is one, also with carriage returns', async (t) => {
    t.equal(boundaryAfter('data: 1\n\n'), true)
    t.equal(boundaryAfter('data: 1\r\n\r\n'), true)
  })
  t.test('the end of a line is none', async (t) => {
    t.equal(boundaryAfter('data: 1\n'), false)
    t.equal(boundaryAfter('data: 1\n\nevent: x\n'), false)
    t.equal(boundaryAfter('data: 1\n\ne'), false)
  })
  t.test('any chunking gives the answer of the whole', async () => {
    fc.assert(fc.property(fc.stringMatching(/^[a\r\n]{0,20}$/), fc.array(fc.nat()), (text, cuts) => {
      return boundaryAfter(...cut(Buffer.from(text), cuts).map(String)) === boundaryAfter(text)
    }), { numRuns: 500 })
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
})

t.test('LineMarker finds a marker at the start of a line only, over any chunking', async () => {
  const marker = 'event: message_'
  const piece = fc.constantFrom('event: message_stop', 'event: mess', 'ev', '\n', 'x', 'event: ', '"event: message_', '\nevent: message_')
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 8 }), (pieces, cuts) => {
    const text = pieces.join('')
    const expected = [...text.matchAll(/(?<=^|\n)event: message_/g)].map((match) => match.index + marker.length)
    const found: number[] = []
    const finder = new LineMarker(marker)
    let base = 0
    for (const chunk of cut(Buffer.from(text), cuts)) {
      for (let at = finder.find(chunk, 0); at !== -1; at = finder.find(chunk, at)) found.push(base + at)
      base += chunk.length
    }
    return JSON.stringify(found) === JSON.stringify(expected)
  }), { numRuns: 3_000 })
})
