import t from 'tap'
import { EventReader } from '../../src/translate/event-reader.ts'

function events (text: string, { pieces = [text], most = 1_000, last = '' } = {}): string[] {
  const told: string[] = []
  const reader = new EventReader({
    data: (bytes) => {
      told.push(bytes.toString())
      if (last !== '' && bytes.toString() === last) reader.stop()
    },
    tooLong: () => { told.push('too long') }
  }, most)
  for (const piece of pieces) reader.read(Buffer.from(piece))
  if (reader.over) told.push('over')
  return told
}

t.test('the data of events, and nothing else of them', async (t) => {
  t.same(events(': a comment\n\nevent: x\nid: 1\ndata: a\nretry: 5\n\ndatum: no\ndata\n\ndata:b\n\ndata:  c \n\n\ndata: not whole\n'), ['a', 'b', ' c '])
})

t.test('lines of one event are joined by line feeds, however lines end', async (t) => {
  t.same(events('data: a\ndata:\ndata: b\n\ndata: c\n\n'), ['a\n\nb', 'c'])
  t.same(events('data: a\r\ndata: b\r\n\r\ndata:\r\n\r\n'), ['a\nb', ''])
})

t.test('nothing is read after a stop, also not in the same piece', async (t) => {
  t.same(events('data: a\n\ndata: b\n\n', { last: 'a' }), ['a', 'over'])
})

t.test('a line, and the data of one event, may have so many bytes', async (t) => {
  const fits = 'data: 78901\n\ndata: 2345\r\n\r\n'
  t.same(events(fits, { most: 11 }), ['78901', '2345'], 'each for itself')
  for (const [text, most, told] of [[fits, 10, []], ['data: 1\ndata: 2\ndata: 3\n\n', 7, ['123'.split('').join('\n')]], ['data: 1\n'.repeat(4), 7, []], [': 345678', 7, []]] as const) {
    const expected = told.length > 0 ? [...told] : ['too long', 'over']
    t.same(events(text, { most }), expected, text)
    t.same(events(text, { pieces: [...text], most }), expected, `${text}, byte by byte`)
  }
})
