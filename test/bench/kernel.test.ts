import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { kernelUsage } from '../../bench/kernel.ts'

const skip = process.platform === 'linux' ? false : 'there is no /proc'

t.test('the kernel knows what a process has used, and it only grows', { skip }, async (t) => {
  const before = kernelUsage(process.pid)
  t.ok(before.cpu > 0)
  t.ok(before.rss > 0)
  for (let turn = 0, text = ''; turn < 200_000; turn++) text = String(turn) + text.slice(0, 10)
  t.ok(kernelUsage(process.pid).cpu > before.cpu)
})

t.test('what a process has started counts as well', { skip }, async (t) => {
  const alone = kernelUsage(process.pid)
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1_000)'], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  const both = kernelUsage(process.pid)
  const own = kernelUsage(child.pid!)
  child.kill()
  await once(child, 'exit')
  t.ok(own.rss > 0 && own.cpu > 0)
  t.ok(both.cpu - alone.cpu >= own.cpu / 2, 'at least most of what it has used so far')
})
