import { once } from 'node:events'
import { Readable } from 'node:stream'
import t from 'tap'
import { request } from 'undici'
import { buildSimulator } from '../../src/simulator/app.ts'
import { SECRETS, spawnServer } from '../helpers/server-process.ts'

const SIZE = 100 * 1024 * 1024
const MOST_GROWTH = 80 * 1024 * 1024
const MEBI = 1024 * 1024
const WARM_UP = 30 * MEBI

/** Code that tells the gateway's memory to whoever asks. */
const TELL = 'process.on("message", () => process.send(process.memoryUsage().rss))'

function * form (size: number): Generator<Buffer> {
  yield Buffer.from('--b\r\ncontent-disposition: form-data; name="file"; filename="large.bin"\r\ncontent-type: application/octet-stream\r\n\r\n')
  const piece = Buffer.alloc(64 * 1024, 'x')
  for (let left = size; left > 0; left -= piece.length) yield left < piece.length ? piece.subarray(0, left) : piece
  yield Buffer.from('\r\n--b--\r\n')
}

t.test('100 MB go up and come down without being held', { timeout: 300_000 }, async (t) => {
  const simulator = buildSimulator()
  t.teardown(() => simulator.close())
  const upstream = await simulator.listen({ host: '127.0.0.1', port: 0 })
  const env = { ...SECRETS, CCPROXY_CLAUDE_API_KEYS: 'sk-ant-sim-made-up-key', CCPROXY_CLAUDE_API_URL: upstream, CCPROXY_STORAGE_DB_PATH: ':memory:' }
  const server = spawnServer(t, { cwd: t.testdir({}), env, load: TELL })
  const url = await server.url()
  const made = await fetch(`${url}/api/token/generate`, {
    method: 'POST', headers: { 'x-admin-key': SECRETS.CCPROXY_ADMIN_KEY, 'content-type': 'application/json' }, body: '{"name":"test"}'
  })
  const { token } = await made.json() as { token: string }
  const headers = { authorization: `Bearer ${token}`, 'anthropic-version': '2026-10-21' }

  const memory = async (): Promise<number> => {
    const told = once(server.child, 'message')
    server.child.send('tell')
    return (await told)[0] as number
  }
  /** The most memory that the gateway has while something goes on. */
  const most = async (task: Promise<unknown>): Promise<number> => {
    const state = { isRunning: true }
    const over = task.finally(() => { state.isRunning = false })
    let top = 0
    while (state.isRunning) top = Math.max(top, await memory())
    await over
    return top
  }
  const upload = async (size: number): Promise<string> => {
    const answer = await request(`${url}/v1/files`, {
      method: 'POST', headers: { ...headers, 'content-type': 'multipart/form-data; boundary=b' }, body: Readable.from(form(size), { objectMode: false })
    })
    const { id, size_bytes: length } = await answer.body.json() as { id: string, size_bytes: number }
    t.equal(length, size)
    return id
  }
  const download = async (id: string, size: number): Promise<void> => {
    const answer = await request(`${url}/v1/files/${id}/content`, { headers })
    let length = 0
    for await (const chunk of answer.body as AsyncIterable<Buffer>) length += chunk.length
    t.equal(length, size)
  }

  // What a process needs once, and the garbage that it lets lie about, is there after a while of work.
  await download(await upload(WARM_UP), WARM_UP)
  const before = await memory()
  const going = upload(SIZE)
  const up = await most(going) - before
  const down = await most(download(await going, SIZE)) - before
  t.comment(`growth for ${SIZE / MEBI} MiB: up ${Math.round(up / MEBI)} MiB, down ${Math.round(down / MEBI)} MiB`)
  t.ok(up < MOST_GROWTH, 'up')
  t.ok(down < MOST_GROWTH, 'down')
})
