import t from 'tap'
import { webSettled } from '../helpers/web.ts'
import { completionsOf, count } from '../helpers/web-talk.ts'
import { SPEAKERS, type Speaker, type Way } from './helpers/speakers.ts'
import { startWebWorld } from './helpers/web-world.ts'

const TURNS = 20

/** What is said in a turn, and what only somebody who heard the turns before can answer. */
function turnOf (turn: number): { words: string, expected: RegExp | string } {
  switch (turn) {
    case 10: return { words: 'recall turn 3', expected: 'Turn 3 was: “say word 3 of Grüße, 世界 👋”' }
    case 19: return { words: 'recall turn 1', expected: 'Turn 1 was: “say word 1 of Grüße, 世界 👋”' }
    // The attachment tells the system prompt, the file is the image.
    case TURNS: return { words: 'what have you seen?', expected: /I have seen 20 turns, 1 attachments, 1 files/ }
    default: return { words: `say word ${turn} of Grüße, 世界 👋`, expected: `word ${turn} of Grüße, 世界 👋` }
  }
}

/** Talks twenty turns, the first of them about an image. @returns what was heard that should not have been */
async function talk (speaker: Speaker, wayOf: (turn: number) => Way): Promise<string[]> {
  const wrong: string[] = []
  for (let turn = 1; turn <= TURNS; turn++) {
    const { words, expected } = turnOf(turn)
    const { text } = await speaker.say(words, { way: wayOf(turn), image: turn === 1 })
    if (typeof expected === 'string' ? text !== expected : !expected.test(text)) wrong.push(`${turn}: ${text}`)
  }
  return wrong
}

const WAYS: Record<string, (turn: number) => Way> = {
  'as whole answers': () => 'whole',
  'as streams': () => 'stream',
  'as both in turn': (turn) => turn % 2 === 0 ? 'whole' : 'stream'
}

for (const [name, connect] of Object.entries(SPEAKERS)) {
  for (const [how, wayOf] of Object.entries(WAYS)) {
    t.test(`${name} holds a conversation of ${TURNS} turns with an image, ${how}, and it is one on claude.ai`, async (t) => {
      const world = await startWebWorld(t)
      t.same(await talk(await connect(world), wayOf), [])
      const asked = completionsOf(world)
      t.equal(asked.length, TURNS, 'every turn was asked once')
      t.equal(new Set(asked.map(({ conversation }) => conversation)).size, 1, 'in one conversation')
      t.same({ create: count(world, 'create'), upload: count(world, 'upload') }, { create: 1, upload: 1 }, 'and the image went up once')
      t.same(asked.slice(1).flatMap(({ body }) => [...body.attachments, ...body.files]), [], 'nothing was told a second time')
      t.same(asked.map(({ body }) => body.prompt), Array.from({ length: TURNS }, (_, turn) => turnOf(turn + 1).words))
      await webSettled(world.app)
      const [held, ...others] = world.web.conversations.values()
      t.match(held, { temporary: true, messages: { length: 2 * TURNS } })
      t.same(others, [])
    })
  }
}
