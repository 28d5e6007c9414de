import t from 'tap'
import { END, event, messageOf, read, START, textStream } from './helpers/web-streams.ts'

t.test('a stop sequence ends the answer, wherever the deltas are cut, and nothing comes after it', async (t) => {
  const text = 'Grüße 👋 STOP hidden'
  for (let a = 1; a < text.length; a++) {
    for (let b = a + 1; b < text.length; b++) {
      const bytes = Buffer.from(textStream([text.slice(0, a), text.slice(a, b), text.slice(b)], ['hidden too']))
      const { answer, told } = read([bytes], { stopSequences: ['other', '👋 STOP'] })
      const { message } = messageOf(bytes, { stopSequences: ['other', '👋 STOP'] })
      const fits = answer.over && answer.stopped && answer.error === null && answer.text === 'Grüße ' && !told.includes('hidden') &&
        message.stop_reason === 'stop_sequence' && message.stop_sequence === '👋 STOP'
      if (!fits) t.fail(`cut at ${a} and ${b}`)
    }
  }
  t.pass('every border')
})

t.test('a stop sequence ends the legacy style too', async (t) => {
  const bytes = ['on', 'e\n\nHu', 'man: x', 'y'].map((completion) => event('completion', { completion, stop_reason: null })).join('')
  const { message } = messageOf(bytes, { stopSequences: ['\n\nHuman:'] })
  t.match(message, { content: [{ text: 'one' }], stop_reason: 'stop_sequence', stop_sequence: '\n\nHuman:' })
})

t.test('a sequence that is spread over two blocks is none', async (t) => {
  const { answer } = read([Buffer.from(textStream(['a ST'], ['OP b']))], { stopSequences: ['STOP'] })
  t.match(answer, { over: true, stopped: false, text: 'a STOP b' })
})

t.test('thinking is not searched', async (t) => {
  const think = event('content_block_start', { index: 0, content_block: { type: 'thinking', thinking: '' } }) +
    event('content_block_delta', { index: 0, delta: { type: 'thinking_delta', thinking: 'STOP' } })
  t.match(messageOf(START + think + END, { stopSequences: ['STOP'] }).message, { content: [{ thinking: 'STOP' }], stop_reason: 'end_turn' })
})

t.test('other blocks that are open are closed, with what was held back of them', async (t) => {
  const begin = (index: number) => event('content_block_start', { index, content_block: { type: 'text', text: '' } })
  const say = (index: number, text: string) => event('content_block_delta', { index, delta: { type: 'text_delta', text } })
  const { message } = messageOf(START + begin(0) + begin(1) + say(0, 'one ST') + say(1, 'two STOP') + say(0, 'hidden'), { stopSequences: ['STOP'] })
  t.match(message, { content: [{ text: 'one ST' }, { text: 'two ' }], stop_reason: 'stop_sequence' })
  const reversed = messageOf(START + begin(0) + begin(1) + say(1, 'two ST') + say(0, 'one STOP'), { stopSequences: ['STOP'] }).message
  t.match(reversed, { content: [{ text: 'one ' }, { text: 'two ST' }], stop_sequence: 'STOP' })
  const both = messageOf(START + begin(0) + begin(1) + say(1, 'two STOP') + say(0, 'one end'), { stopSequences: ['STOP!', 'STOP', 'end'] }).message
  t.match(both, { content: [{ text: 'one ' }, { text: 'two ' }], stop_sequence: 'end' }, 'the one that was met first')
})

t.test('a block that another takes the number of can meet a sequence at its end', async (t) => {
  const begin = (text: string) => event('content_block_start', { index: 0, content_block: { type: 'text', text } })
  const { message } = messageOf(START + begin('a STOP') + begin('hidden'), { stopSequences: ['STOP!', 'STOP'] })
  t.match(message, { content: [{ text: 'a ' }], stop_sequence: 'STOP' })
  t.equal(message.content.length, 1)
})

t.test('the end of a block, or of the answer, can decide for a match', async (t) => {
  const stopSequences = ['STOP!', 'STOP']
  for (const bytes of [textStream(['a STOP'], ['hidden']), textStream(['a STOP']).replace(/event: content_block_stop\n.*\n\n/, '')]) {
    const { answer } = read([Buffer.from(bytes)], { stopSequences })
    t.match(answer, { over: true, stopped: true, text: 'a ' })
    t.match(messageOf(bytes, { stopSequences }).message, { stop_reason: 'stop_sequence', stop_sequence: 'STOP' })
  }
})

t.test('nothing is told before the sequence where nothing is, and nothing is held back at the end', async (t) => {
  t.match(messageOf(textStream(['STOP']), { stopSequences: ['STOP'] }).message, { content: [{ text: '' }], stop_sequence: 'STOP' })
  t.equal(read([Buffer.from(textStream(['a STO']))], { stopSequences: ['STOP'] }).answer.text, 'a STO')
})
