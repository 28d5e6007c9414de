import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { parseEvents, textOf } from './helpers.ts'

/** Starts the demo on the port, with a folder for temporary files of its own. */
function start (t: Test, port: number, ...args: string[]) {
  const folder = t.testdir()
  const env = { ...process.env, PORT: String(port), TMPDIR: folder }
  const child = spawn(process.execPath, ['src/simulator/demo.ts', ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  return { child, folder, exited: once(child, 'exit') }
}

/** Runs the demo to its end. */
async function runOnce (t: Test, port: number) {
  const { child, folder, exited } = start(t, port, '--once')
  return { output: await text(child.stdout), exit: await exited, folder }
}

/** Starts the demo and reads what it prints until it stays up. */
async function running (t: Test) {
  const demo = start(t, 0)
  let output = ''
  for await (const chunk of demo.child.stdout.setEncoding('utf8')) {
    output += chunk
    if (output.includes('Ctrl-C ends the demo.')) break
  }
  return { ...demo, output }
}

/** The curl line with that path in the output, as what fetch takes. */
function pasted (output: string, path: string): [string, RequestInit] {
  const line = output.replaceAll('\\\n', '').split('\n').find((line) => line.startsWith('curl ') && line.includes(path))!
  const headers = Object.fromEntries([...line.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name, value]) => [name, value]))
  const body = /-d '([^']+)'/.exec(line)?.[1]
  return [/http:\S+/.exec(line)![0], { method: body === undefined ? 'GET' : 'POST', headers, body }]
}

t.test('with --once', async (t) => {
  const { output, exit, folder } = await runOnce(t, 0)

  t.test('an answer is shown', async (t) => {
    t.match(output, 'Claude: Hello! 👋 You wrote: “Good morning, Claude!”')
  })

  t.test('so is one of claude.ai', async (t) => {
    t.match(output, /claude\.ai, with the owner's session: Good morning, Claude!\nClaude: \S.*Good morning, Claude!/)
  })

  t.test('the demo ends well', async (t) => {
    t.same(exit, [0, null])
  })

  t.test('nothing is left behind', async (t) => {
    t.same(readdirSync(folder), [])
  })
})

t.test('while it stays up', async (t) => {
  const { child, folder, exited, output } = await running(t)

  t.test('the printed curl line gets its answer', async (t) => {
    const response = await fetch(...pasted(output, '/v1/messages'))
    t.equal(response.status, 200)
    t.equal(textOf(parseEvents(await response.text())), Array.from({ length: 20 }, (_, index) => index + 1).join(' '))
  })

  t.test('the printed line for the tokens gets them', async (t) => {
    t.match(await (await fetch(...pasted(output, '/api/token/list'))).json(), { tokens: [{ name: 'demo', is_valid: true }] })
  })

  t.test('the printed line for the keys gets their state', async (t) => {
    t.match(await (await fetch(...pasted(output, '/api/keys/stats'))).json(), { total_keys: 2, healthy_keys: 2 })
  })

  t.test('the printed line for the sessions gets their state', async (t) => {
    t.match(await (await fetch(...pasted(output, '/api/session/list'))).json(), { sessions: [{ name: 'demo', status: 'active' }] })
  })

  t.test('Ctrl-C ends it and leaves nothing behind', async (t) => {
    child.kill('SIGINT')
    t.same(await exited, [0, null])
    t.same(readdirSync(folder), [])
  })
})

t.test('a port that is taken is left alone', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { output, exit } = await runOnce(t, port)
  t.match(output, /^A gateway is running at http:\/\/127\.0\.0\.1:\d+,/)
  t.notMatch(output, `127.0.0.1:${port}`)
  t.same(exit, [0, null])
})

t.test('a port that is none is explained', async (t) => {
  const child = spawn(process.execPath, ['src/simulator/demo.ts'], { env: { ...process.env, PORT: 'http' }, stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  t.match(await text(child.stderr), /CCPROXY_SERVER_PORT .* must be/)
  t.same(await exited, [1, null])
})
