import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { newCodex } from './helpers/codex.ts'
import { bodyOf, startWorld } from './helpers/world.ts'

interface Conversation {
  messages: Array<{ role: string, content: Array<{ type: string, text?: string, content?: unknown, signature?: string }> }>
  tools: Array<{ name: string }>
}

t.test('it says hi', async (t) => {
  const world = await startWorld(t)
  const codex = await newCodex(t, world)
  t.match(await codex.ask('say hi'), { exitCode: 0, stdout: 'hi\n' })
  t.match(await world.answered(), [{ route: '/v1/responses', status: 200, outcome: 'complete' }])
  t.equal(world.arrived[0]?.authorization, `Bearer ${world.token}`)
})

t.test('it runs a command that it is asked for, and tells the result; its reasoning goes back signed', async (t) => {
  const world = await startWorld(t)
  const codex = await newCodex(t, world)
  // The shell must do the sum: the answer cannot be an echo of the prompt.
  const command = JSON.stringify({ cmd: 'echo hello-from-codex-$((6 * 7)) | tee ran.txt' })
  const { exitCode, stdout } = await codex.ask(`use the exec_command tool with ${command}`)
  t.equal(exitCode, 0)
  t.match(stdout, /The tool answered:[\s\S]*hello-from-codex-42/)
  t.equal(await readFile(join(codex.home, 'ran.txt'), 'utf8'), 'hello-from-codex-42\n')
  const { messages } = bodyOf<Conversation>(world.asked()[1]!)
  t.match(messages.at(-2), { role: 'assistant', content: [{ type: 'thinking', signature: /.+/ }, { type: 'text' }, { type: 'tool_use', name: 'exec_command' }] })
  t.match(messages.at(-1), { role: 'user', content: [{ type: 'tool_result', content: /hello-from-codex-42/ }] })
})

t.test('its tools reach the model, those in namespaces too; what runs at OpenAI is left out', async (t) => {
  const world = await startWorld(t)
  const codex = await newCodex(t, world)
  await codex.ask('say hi')
  const names = bodyOf<Conversation>(world.asked()[0]!).tools.map(({ name }) => name)
  t.ok(names.includes('exec_command'))
  t.ok(names.some((name) => /^\w+__\w+$/.test(name)), names.join(', '))
  t.notOk(names.includes('web_search'))
})

t.test('it answers by a schema', async (t) => {
  const world = await startWorld(t)
  const codex = await newCodex(t, world)
  const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
  await writeFile(join(codex.home, 'schema.json'), JSON.stringify(schema))
  const { exitCode, stdout } = await codex.ask('the capital', ['--output-schema', 'schema.json'])
  t.equal(exitCode, 0)
  t.type((JSON.parse(stdout) as { city: unknown }).city, 'string')
})

t.test('it waits for a rate limit as long as it is told, and goes on', async (t) => {
  const world = await startWorld(t)
  const codex = await newCodex(t, world, '429;times=1;retry-after=1')
  t.match(await codex.ask('say patience'), { exitCode: 0, stdout: 'patience\n' })
  t.match(await world.answered(), [{ status: 429 }, { status: 200 }])
})

for (const fault of ['529;times=3', 'reset-mid;times=1', 'error-mid;times=1', 'truncate;times=1']) {
  t.test(`it gets the whole answer in spite of ${fault}`, async (t) => {
    const world = await startWorld(t)
    const codex = await newCodex(t, world, fault)
    const { exitCode, stdout } = await codex.ask('count to 20')
    t.equal(stdout, `${Array.from({ length: 20 }, (_, index) => index + 1).join(' ')}\n`)
    t.equal(exitCode, 0)
  })
}

t.test('it shows what is wrong with a request', async (t) => {
  const world = await startWorld(t)
  const codex = await newCodex(t, world, '400')
  const { exitCode, stderr } = await codex.ask('say hi')
  t.equal(exitCode, 1)
  t.match(stderr, /Input should be a valid list/)
})
