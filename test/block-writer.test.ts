import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { BlockWriter } from '../src/block-writer.ts'

function open (t: Test, flags = 'w') {
  const folder = mkdtempSync(join(tmpdir(), 'ccproxy-test-'))
  const file = join(folder, 'log')
  const fd = openSync(file, 'w')
  t.teardown(() => rmSync(folder, { recursive: true }))
  return { file, fd: flags === 'w' ? fd : openSync(file, flags) }
}

t.test('blocks are written in their order, whoever comes while one is being written', async (t) => {
  const { file, fd } = open(t)
  const writer = new BlockWriter(fd, 1_000_000)
  for (let n = 0; n < 100; n++) {
    writer.write(Buffer.from(`${n}\n`))
    if (n % 10 === 0) await writer.idle()
  }
  await writer.idle()
  t.equal(readFileSync(file, 'utf8'), Array.from({ length: 100 }, (_, n) => `${n}\n`).join(''))
  closeSync(fd)
})

t.test('what waits is written at once where that is asked for, and written once', async (t) => {
  const { file, fd } = open(t)
  const writer = new BlockWriter(fd, 1_000_000)
  for (const text of ['a\n', 'b\n', 'c\n']) writer.write(Buffer.from(text))
  writer.flushSync()
  const seen = readFileSync(file, 'utf8')
  t.equal(seen, 'a\nb\nc\n')
  await writer.idle()
  t.equal(readFileSync(file, 'utf8'), seen)
  closeSync(fd)
})

t.test('what would be too much to wait is dropped whole', async (t) => {
  const { file, fd } = open(t)
  const writer = new BlockWriter(fd, 10)
  for (const text of ['1234\n', '5678\n', 'dropped\n']) writer.write(Buffer.from(text))
  await writer.idle()
  writer.write(Buffer.from('later\n'))
  await writer.idle()
  t.equal(readFileSync(file, 'utf8'), '1234\n5678\nlater\n')
  closeSync(fd)
})

t.test('where nobody can write, nothing waits for ever', async (t) => {
  const { fd } = open(t, 'r')
  const writer = new BlockWriter(fd, 1_000_000)
  writer.write(Buffer.from('lost\n'))
  await writer.idle()
  writer.write(Buffer.from('lost too\n'))
  writer.flushSync()
  await writer.idle()
  t.pass('idle')
  closeSync(fd)
})

const SOURCE = pathToFileURL(join(import.meta.dirname, '..', 'src', 'log-destination.ts')).href

function start (t: Test, script: string) {
  const code = `import { logDestination } from ${JSON.stringify(SOURCE)}\nimport { pino } from 'pino'\nconst log = logDestination()\n${script}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { cwd: join(import.meta.dirname, '..'), stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

const ENDINGS = {
  'can exit with much to write': "for (let n = 0; n < 2000; n++) log.write('x'.repeat(100) + '\\n')",
  'is not held up by waiting for the end of its log': "log.write('x\\n')\nawait log.end()"
}
for (const [what, work] of Object.entries(ENDINGS)) {
  t.test(`a process whose reader has gone ${what}`, async (t) => {
    const child = start(t, `process.stdin.once('data', async () => {\n${work}\nprocess.exit(7) })`)
    const exit = once(child, 'exit')
    child.stdout.destroy()
    child.stdin.write('go')
    t.same(await exit, [7, null])
  })
}

t.test('a fatal line is written although the process is killed behind it', async (t) => {
  const child = start(t, `
    const logger = pino({ base: null, timestamp: false }, log)
    logger.info('before')
    logger.fatal('gone')
    process.kill(process.pid, 'SIGKILL')`)
  const [text, exit] = await Promise.all([child.stdout.setEncoding('utf8').toArray(), once(child, 'exit')])
  t.same(exit, [null, 'SIGKILL'])
  t.same(text.join('').trim().split('\n').map((line) => (JSON.parse(line) as { msg: string }).msg), ['before', 'gone'])
})
