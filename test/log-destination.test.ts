import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import fc from 'fast-check'
import { LineCollector } from '../src/log-destination.ts'

/** Keeps the blocks that it is handed, and what stood in them at that moment. */
function kept () {
  const blocks: Buffer[] = []
  const copies: Buffer[] = []
  return {
    blocks,
    copies,
    sink: {
      write (bytes: Buffer) {
        blocks.push(bytes)
        copies.push(Buffer.from(bytes))
      }
    }
  }
}

const lineText = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  // Lone surrogates: UTF-8 has nothing for them but a sign that something is missing.
  fc.array(fc.constantFrom(0x61, 0xe9, 0x4f60, 0xd83d, 0xde42), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('', 'x'.repeat(200), '你'.repeat(100), '🙂'.repeat(50))
)
/** A line, or null for a flush. */
const steps = fc.array(fc.option(lineText.map((text) => `${text}\n`), { freq: 6 }), { maxLength: 40 })
const sizes = fc.integer({ min: 1, max: 128 })

function collect (size: number, lines: (string | null)[]) {
  const { sink, ...rest } = kept()
  const collector = new LineCollector(sink, size)
  for (const line of lines) {
    if (line === null) collector.flush()
    else collector.write(line)
  }
  collector.flush()
  return rest
}

t.test('what is handed on is the lines, whole and in order', async () => {
  fc.assert(fc.property(sizes, steps, (size, lines) => {
    const expected = Buffer.concat(lines.map((line) => Buffer.from(line ?? '')))
    return Buffer.concat(collect(size, lines).copies).equals(expected)
  }), { numRuns: 2_000 })
})

t.test('each block holds whole lines, and none is larger than the size but a single line', async () => {
  fc.assert(fc.property(sizes, steps, (size, lines) => {
    const long = new Set(lines.filter((line) => line !== null).map((line) => Buffer.from(line).toString('hex')))
    return collect(size, lines).copies.every((block) => block.length > 0 && block.at(-1) === 0x0a &&
      (block.length <= size || long.has(block.toString('hex'))))
  }), { numRuns: 2_000 })
})

t.test('a block that was handed on is never changed afterwards', async () => {
  fc.assert(fc.property(sizes, steps, (size, lines) => {
    const { blocks, copies } = collect(size, lines)
    return blocks.every((block, index) => block.equals(copies[index]!))
  }), { numRuns: 2_000 })
})

t.test('lines wait for company until the block is full', async (t) => {
  const { sink, copies } = kept()
  const collector = new LineCollector(sink, 100)
  for (let i = 0; i < 10; i++) collector.write('123456789\n')
  t.same(copies.map(String), ['123456789\n'.repeat(8)], 'a line may take three bytes a letter: no more is begun when there is less room')
  collector.flush()
  t.equal(copies[1]?.toString(), '123456789\n'.repeat(2))
})

t.test('a flush of nothing hands nothing on', async (t) => {
  const { sink, blocks } = kept()
  const collector = new LineCollector(sink, 100)
  collector.flush()
  collector.write('a\n')
  collector.flush()
  collector.flush()
  t.equal(blocks.length, 1)
})

const DESTINATION = pathToFileURL(join(import.meta.dirname, '..', 'src', 'log-destination.ts')).href

/** Runs a script that has `lines`, the destination of a log, until it ends. @returns its standard output */
async function run (t: Test, script: string): Promise<string> {
  const code = `import { logDestination } from ${JSON.stringify(DESTINATION)}\nconst lines = logDestination()\n${script}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [output, errors, [status]] = await Promise.all([
    child.stdout.setEncoding('utf8').toArray(), child.stderr.setEncoding('utf8').toArray(), once(child, 'close') as Promise<[number | null]>
  ])
  t.equal(errors.join(''), '')
  t.equal(status, 0)
  return output.join('')
}

const line = (n: number) => `{"n":${n},"text":"é 你好 🙂"}\n`
const writes = (from: number, to: number) => `for (let n = ${from}; n < ${to}; n++) lines.write((${line.toString()})(n))`
const textOf = (count: number) => Array.from({ length: count }, (_, n) => line(n)).join('')

/** More than a pipe holds. */
const MANY = 20_000
/** Several blocks, which a pipe holds. */
const SOME = 1_500
const LONG = '你'.repeat(15_000)

/** Its lines in an order of their own: when a process exits, a write that is under way may be overtaken by what is written at once. */
const unordered = (text: string) => text.split('\n').sort().join('\n')

t.test('a process that ends by itself', async (t) => {
  t.test('has written its few lines', async (t) => {
    t.equal(await run(t, 'lines.write("one\\n")\nlines.write("two\\n")'), 'one\ntwo\n')
  })
  t.test('has written all of its many lines, in their order', async (t) => {
    t.ok(await run(t, writes(0, MANY)) === textOf(MANY))
  })
  t.test('and those that came some turns later', async (t) => {
    const script = `${writes(0, MANY)}\nfor (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)\n${writes(MANY, MANY + 5)}`
    t.ok(await run(t, script) === textOf(MANY + 5))
  })
  t.test('has written a line longer than a block, in its place', async (t) => {
    t.ok(await run(t, `lines.write("first\\n")\nlines.write("${LONG}\\n")\nlines.write("last\\n")`) === `first\n${LONG}\nlast\n`)
  })
  t.test('has written what came just before its end', async (t) => {
    t.equal(await run(t, 'lines.write("one\\n")\nprocess.prependOnceListener("beforeExit", () => lines.write("last\\n"))'), 'one\nlast\n')
  })
})

t.test('a process that exits', async (t) => {
  t.test('has written its few lines', async (t) => {
    t.equal(await run(t, 'lines.write("one\\n")\nlines.write("two\\n")\nprocess.exit()'), 'one\ntwo\n')
  })
  t.test('has written each of its many lines', async (t) => {
    t.ok(unordered(await run(t, `${writes(0, SOME)}\nprocess.exit()`)) === unordered(textOf(SOME)))
  })
  t.test('and those that came a turn later', async (t) => {
    const script = `${writes(0, SOME)}\nawait new Promise(setImmediate)\n${writes(SOME, SOME + 5)}\nprocess.exit()`
    t.ok(unordered(await run(t, script)) === unordered(textOf(SOME + 5)))
  })
  t.test('has written a line longer than a block', async (t) => {
    const text = await run(t, `lines.write("first\\n")\nlines.write("${LONG}\\n")\nlines.write("last\\n")\nprocess.exit()`)
    t.ok(unordered(text) === unordered(`first\n${LONG}\nlast\n`))
  })
  t.test('has written what came while it did so', async (t) => {
    t.equal(await run(t, 'lines.write("one\\n")\nprocess.prependListener("exit", () => lines.write("at exit\\n"))\nprocess.exit()'), 'one\nat exit\n')
  })
  t.test('after a fault has written its lines too', async (t) => {
    const script = 'process.on("uncaughtException", () => process.exit())\nlines.write("one\\n")\nthrow new Error("made up")'
    t.equal(await run(t, script), 'one\n')
  })
})

t.test('who waits for the end before exiting loses nothing, in order, however slow the reader is', async (t) => {
  const code = `import { logDestination } from ${JSON.stringify(DESTINATION)}\nconst lines = logDestination()\n${writes(0, MANY)}
    setImmediate(async () => { ${writes(MANY, MANY + 10)}; await lines.end(); process.exit(0) })`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  // Read only when the pipe is full.
  await once(child.stdout, 'readable')
  const output = (await child.stdout.setEncoding('utf8').toArray()).join('')
  t.equal(output, textOf(MANY + 10))
})

t.test('lines of a process that goes on are written without being asked for', async (t) => {
  const code = `import { logDestination } from ${JSON.stringify(DESTINATION)}\nlogDestination().write("one\\n")\nsetInterval(() => {}, 1_000_000)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const over = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await over
  })
  const [text] = await once(child.stdout.setEncoding('utf8'), 'data') as [string]
  t.equal(text, 'one\n')
})
