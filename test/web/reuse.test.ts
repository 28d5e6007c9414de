import t from 'tap'
import { cookieOf, startWebGateway, webSettled, type WebGateway } from '../helpers/web.ts'
import { completionsOf, count, Talk } from '../helpers/web-talk.ts'

const TURNS = 20
const COOKIE = cookieOf('one')

/** A question as people who work ask it: some lines of prose around some of code, different in every turn. */
function question (turn: number): string {
  const lines = Array.from({ length: 12 }, (_, line) => `  const total${turn}_${line} = orders.filter(({ region }) => region === ${line}).reduce(sum, ${turn})`)
  return [
    `Question ${turn}: the report of this morning is ${turn} rows short, and I cannot see where the function below loses them.`,
    'Please read it line by line, say what each of them does with an empty region, and write two kilobytes about it: write 2 kilobytes',
    '```ts', ...lines, '```'
  ].join('\n')
}

/** Everything that went up to claude.ai in bodies. */
function sentBy ({ web }: WebGateway): number {
  return Object.values(web.bytes).reduce((sum, bytes) => sum + bytes, 0)
}

async function hold (gateway: WebGateway): Promise<{ talk: Talk, sent: number[], histories: number[] }> {
  const talk = new Talk(gateway)
  const sent: number[] = []
  const histories: number[] = []
  for (let turn = 1; turn <= TURNS; turn++) {
    const before = sentBy(gateway)
    histories.push(Buffer.byteLength(JSON.stringify(talk.history)))
    await talk.say(question(turn))
    sent.push(sentBy(gateway) - before)
  }
  return { talk, sent, histories }
}

t.test('a held conversation is sent its new turns only; without, every turn sends the whole history', async (t) => {
  const reusing = await startWebGateway(t, [COOKIE])
  const forgetting = await startWebGateway(t, [COOKIE], { claude: { web_conversation_ttl: 0 } })
  const reuse = await hold(reusing)
  const without = await hold(forgetting)
  await webSettled(forgetting.app)
  const [small, large] = [sentBy(reusing), sentBy(forgetting)]
  t.comment(`reuse: ${small} bytes, without: ${large} bytes (${(large / small).toFixed(1)}x); the client sent ${reuse.talk.sent} bytes in ${TURNS} turns`)
  t.same(reuse.talk.history, without.talk.history, 'both were told the same')
  t.equal(count(reusing, 'create'), 1)
  t.equal(count(forgetting, 'create'), TURNS)
  for (let turn = 1; turn < TURNS; turn++) {
    t.ok(reuse.sent[turn]! < reuse.histories[turn]!, `turn ${turn + 1} sends ${reuse.sent[turn]} bytes, less than the ${reuse.histories[turn]} before it`)
    t.ok(without.sent[turn]! > reuse.histories[turn]!, 'and without being held it sends them all')
  }
  t.ok(Math.max(...reuse.sent) < 2 * Math.min(...reuse.sent), 'the last turns cost what the first ones did')
})

t.test('a turn that goes on says nothing of the past, and names the answer that it follows', async (t) => {
  const gateway = await startWebGateway(t, [COOKIE])
  const talk = new Talk(gateway, { more: { system: 'You are terse.' } })
  for (const words of ['say alpha', 'say beta', 'recall turn 2']) await talk.say(words)
  const [first, ...later] = completionsOf(gateway)
  t.equal(first!.body.parent_message_uuid, undefined)
  t.match(first!.body.attachments, [{ file_name: 'conversation.txt', extracted_content: /You are terse\./ }])
  for (const { body } of later) t.match(body, { parent_message_uuid: /^[\da-f-]{36}$/, attachments: [], files: [] })
  t.same(later.map(({ body: { prompt } }) => prompt), ['say beta', 'recall turn 2'])
})
