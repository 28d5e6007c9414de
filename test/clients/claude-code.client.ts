import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { fault, newClaude } from './helpers/claude.ts'
import { bodyOf, startWorld } from './helpers/world.ts'

interface Conversation {
  messages: Array<{ role: string, content: string | Array<{ type: string, text?: string, content?: unknown }> }>
}

t.test('it says hi', async (t) => {
  const world = await startWorld(t)
  const claude = await newClaude(t, world)
  t.match(await claude.run(['-p', 'say hi']), { exitCode: 0, stdout: /^hi\n$/ })
  t.match(await world.answered(), [{ route: '/v1/messages', status: 200, outcome: 'complete' }])
})

t.test('it sends its token as Authorization, and what is its own reaches the upstream', async (t) => {
  const world = await startWorld(t)
  const claude = await newClaude(t, world)
  await claude.run(['-p', 'say hi'])
  t.equal(world.arrived[0]?.authorization, `Bearer ${world.token}`)
  for (const name of ['anthropic-beta', 'anthropic-version', 'user-agent', 'x-app', 'x-claude-code-session-id']) {
    t.ok(world.arrived[0]?.[name], `${name} is sent`)
    t.equal(world.seen[0]?.headers[name], world.arrived[0]?.[name], `${name} is forwarded`)
  }
  t.equal(world.seen[0]?.url, '/v1/messages?beta=true')
})

t.test('it runs a tool that it is asked for, and tells the result', async (t) => {
  const world = await startWorld(t)
  const claude = await newClaude(t, world)
  // The shell must do the sum: the answer cannot be an echo of the prompt.
  const command = JSON.stringify({ command: 'echo hello-from-bash-$((6 * 7)) | tee ran.txt', description: 'Says hello' })
  const { exitCode, stdout } = await claude.run(['-p', `use the Bash tool with ${command}`, '--allowedTools', 'Bash'])
  t.equal(exitCode, 0)
  t.equal(stdout, 'The tool answered: hello-from-bash-42\n')
  t.equal(await readFile(join(claude.home, 'ran.txt'), 'utf8'), 'hello-from-bash-42\n')
  t.equal((await world.answered()).length, 2)
  t.match(bodyOf<Conversation>(world.seen[1]!).messages.at(-1), { role: 'user', content: [{ type: 'tool_result', content: 'hello-from-bash-42' }] })
})

t.test('it holds a conversation', async (t) => {
  const world = await startWorld(t)
  const claude = await newClaude(t, world)
  await claude.run(['-p', 'say the first thing'])
  const { stdout } = await claude.run(['-p', '--continue', 'say the second thing'])
  t.equal(stdout, 'the second thing\n')
  t.match(wordsOf(bodyOf(world.seen[1]!)), ['user: say the first thing', 'assistant: the first thing', 'user: say the second thing'])
})

t.test('it counts the tokens of its context, many at a time', async (t) => {
  const world = await startWorld(t)
  const claude = await newClaude(t, world)
  const { exitCode, stdout } = await claude.run(['-p', '/context'])
  const answered = await world.answered()
  t.equal(exitCode, 0)
  t.match(stdout, /Context Usage[\s\S]*Free space/)
  t.ok(answered.length > 10, `${answered.length} counts were asked for`)
  t.same(new Set(answered.map(({ route, status }) => `${route} ${status}`)), new Set(['/v1/messages/count_tokens 200']))
})

t.test('it waits for a rate limit as long as it is told, and goes on', async (t) => {
  const world = await startWorld(t)
  const claude = await newClaude(t, world)
  const { exitCode, stdout } = await claude.run(['-p', 'say patience'], fault('429;times=1;retry-after=1'))
  t.same({ exitCode, stdout }, { exitCode: 0, stdout: 'patience\n' })
  const answered = await world.answered()
  t.equal(answered[0]?.status, 429)
  t.equal(answered.at(-1)?.status, 200)
  t.equal(world.seen.length, 2)
})

for (const fault of ['401', 'credit', '429']) {
  t.test(`it never learns of a key that dies in mid-conversation (${fault})`, async (t) => {
    // Whichever key the conversation begins with dies after one answer; the other has one to give.
    const keys = ['one', 'two'].map((name) => ({ key: `sk-ant-sim-org-${name}-fault-${fault};after=1;retry-after=600-made-up` }))
    const world = await startWorld(t, { claude: { key_strategy: 'affinity', api_keys: keys } })
    const claude = await newClaude(t, world)
    const command = JSON.stringify({ command: 'echo survived-$((6 * 7))', description: 'Says that it is alive' })
    const { exitCode, stdout, stderr } = await claude.run(['-p', `use the Bash tool with ${command}`, '--allowedTools', 'Bash'])
    t.same({ exitCode, stdout, stderr }, { exitCode: 0, stdout: 'The tool answered: survived-42\n', stderr: '' })
    t.match(await world.answered(), [{ status: 200 }, { status: 200, trail: [/^key_/, /^key_/] }])
    t.equal(world.seen.length, 3, 'the dead key cost one attempt')
  })
}

t.test('it comes back to an overloaded upstream', async (t) => {
  const world = await startWorld(t)
  const claude = await newClaude(t, world)
  const { exitCode, stdout } = await claude.run(['-p', 'say again'], fault('529;times=1'))
  t.same({ exitCode, stdout }, { exitCode: 0, stdout: 'again\n' })
})

for (const wish of ['reset-mid', 'truncate']) {
  t.test(`it gets the whole answer although its first stream ends with ${wish}`, async (t) => {
    const world = await startWorld(t)
    const claude = await newClaude(t, world)
    const { exitCode, stdout } = await claude.run(['-p', 'count to 20'], fault(`${wish};times=1`))
    t.match((await world.answered())[0], { status: 200, outcome: 'failed' })
    t.equal(stdout, `${Array.from({ length: 20 }, (_, index) => index + 1).join(' ')}\n`)
    t.equal(exitCode, 0)
  })
}

t.test('it says in words that its token is not valid', async (t) => {
  const world = await startWorld(t)
  const claude = await newClaude(t, { url: world.url, token: 'made-up-token' })
  const { exitCode, stdout } = await claude.run(['-p', 'say hi'], { CLAUDE_CODE_MAX_RETRIES: '0' })
  t.equal(exitCode, 1)
  t.match(stdout, /The token is not valid/)
  t.equal(world.seen.length, 0)
})

t.test('it does not try again with a token that is not valid', async (t) => {
  const world = await startWorld(t)
  const claude = await newClaude(t, { url: world.url, token: 'made-up-token' })
  // Left to itself it tries ten times, for minutes, before its user is told anything.
  await claude.run(['-p', 'say hi'], { CLAUDE_CODE_MAX_RETRIES: '1' })
  t.equal(world.arrived.length, 1)
})

t.test('it asks nobody but the gateway', async (t) => {
  const world = await startWorld(t)
  const claude = await newClaude(t, world)
  const asked: string[] = []
  const trap = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(502).end()
  }).on('connect', (request, socket) => {
    asked.push(request.url ?? '')
    // A client that is refused may reset the connection instead of closing it.
    socket.on('error', () => {})
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  }).listen(0, '127.0.0.1')
  t.teardown(() => { trap.close() })
  await once(trap, 'listening')
  const proxy = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`
  const { stdout } = await claude.run(['-p', 'say hi'], { HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NO_PROXY: '127.0.0.1' })
  t.equal(stdout, 'hi\n')
  t.same(asked, [])
})

/** Who said what, without what the client itself puts into a conversation. */
function wordsOf ({ messages }: Conversation): string[] {
  return messages.filter(({ role }) => role !== 'system').map(({ role, content }) => {
    const text = typeof content === 'string' ? content : content.findLast(({ type }) => type === 'text')?.text
    return `${role}: ${text}`
  })
}
