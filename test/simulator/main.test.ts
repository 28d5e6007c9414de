import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import t from 'tap'
import { bodyOf, exchange, parseEvents } from './helpers.ts'

t.test('the simulator starts alone, prints its address and ends on a signal', async (t) => {
  const child = spawn(process.execPath, ['src/simulator/main.ts', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [url] = await once(createInterface(child.stdout), 'line') as [string]
  t.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
  t.equal(parseEvents((await exchange(url, bodyOf('count to 47', { stream: true }))).text).length, 53)
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  t.same(await exited, [0, null])
})
