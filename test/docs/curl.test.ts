import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { buildSimulator } from '../../src/simulator/app.ts'
import { ADMIN_KEY, startGateway } from '../helpers/gateway.ts'
import { CURLRC, curlBlocks, missingFrom, runBlocks } from './curl.ts'

const ROOT = join(import.meta.dirname, '../..')
const documents = ['README.md', ...globSync('docs/*.md', { cwd: ROOT }).sort()]
  .map((name) => ({ name, blocks: curlBlocks(readFileSync(join(ROOT, name), 'utf8')) }))
  .filter(({ blocks }) => blocks.length > 0)

/** A gateway in front of a simulated Claude, and the variables that the documents use. */
async function start (t: Test): Promise<Record<string, string>> {
  const simulator = buildSimulator()
  t.teardown(() => simulator.close())
  const upstream = await simulator.listen({ host: '127.0.0.1', port: 0 })
  const { url, token } = await startGateway(t, upstream, {
    claude: { api_keys: [{ key: 'sk-ant-sim-made-up-0001' }], web_url: upstream }, models: { aliases: { 'gpt-5': 'claude-sonnet-5-5' } }
  })
  return {
    CCPROXY_URL: url,
    CCPROXY_ADMIN_KEY: ADMIN_KEY,
    TOKEN: token,
    ANTHROPIC_API_KEY: 'sk-ant-sim-made-up-0002',
    CLAUDE_SESSION_KEY: 'sk-ant-sid01-made-up-cookie-of-the-documents'
  }
}

t.test('the README and the reference have lines to run', async (t) => {
  t.same(documents.map(({ name }) => name).filter((name) => name === 'README.md' || name === 'docs/api.md'), ['README.md', 'docs/api.md'])
})

for (const { name, blocks } of documents) {
  t.test(`${name}: every curl line works as pasted`, async (t) => {
    const { code, ran, errors } = await runBlocks(blocks, await start(t), t.testdir({ '.curlrc': CURLRC }))
    t.equal(code, 0, `ends well: ${errors.slice(-1_000)}`)
    t.equal(ran.length, blocks.length)
    for (const [index, { script, status, answer }] of blocks.entries()) {
      const { output = '', statuses = [] } = ran[index] ?? {}
      const line = script.split('\n').find((one) => one.includes('curl'))!
      t.ok(statuses.length > 0 && statuses.every((one) => one === status), `${line}: answers ${status}, not ${statuses.join()}: ${output.slice(0, 300)}`)
      if (answer !== undefined) t.same(missingFrom(parsed(output), answer), [], `${line}: answers as shown: ${output.slice(0, 300)}`)
    }
  })
}

t.test('every route is in the reference, and runs there', async (t) => {
  const { CCPROXY_URL: url } = await start(t)
  const { paths } = await (await fetch(`${url}/openapi.json`)).json() as { paths: Record<string, Record<string, { tags: string[] }>> }
  const run = documents.find(({ name }) => name === 'docs/api.md')!.blocks.flatMap(({ script }) => linesOf(script))
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, { tags }] of Object.entries(item)) {
      if (tags[0] === 'Refused') continue
      const pattern = new RegExp(`\\$CCPROXY_URL${path.replace(/\{\w+\}/g, '[^/\\s"\'?]+')}(?:[?"'\\s)]|$)`)
      t.ok(run.some((line) => pattern.test(line) && methodOf(line) === method), `${method} ${path}`)
    }
  }
})

t.test('a block is read with what is said of it', async (t) => {
  const text = 'Ask:\n\n```sh\ncurl $CCPROXY_URL/x\n```\n\nAnswers `404`, for there is none:\n\n```json\n{"error": {}}\n```\n\n```sh\nnpm start\n```\n'
  t.same(curlBlocks(text), [{ script: 'curl $CCPROXY_URL/x\n', status: 404, answer: { error: {} } }])
  t.same(missingFrom({ a: [{ b: 1 }] }, { a: [{ b: 2, c: 3 }], d: null }), ['.a[].c', '.d'])
})

function parsed (output: string): unknown {
  try {
    return JSON.parse(output)
  } catch {
    return output
  }
}

/** Commands, each in one line. */
function linesOf (script: string): string[] {
  return script.replaceAll('\\\n', ' ').split('\n')
}

function methodOf (line: string): string {
  if (/ (?:-I|--head)\b/.test(line)) return 'head'
  return /-X (\w+)/.exec(line)?.[1]!.toLowerCase() ?? (/ (?:-d|-F|--data)\b/.test(line) ? 'post' : 'get')
}
