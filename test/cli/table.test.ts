import t from 'tap'
import { painter } from '../../src/cli/io.ts'
import { facts, table } from '../../src/cli/table.ts'
import { relative, when } from '../../src/cli/times.ts'

const NOW = Date.parse('2026-07-01T12:00:00Z')

t.test('columns are as wide as their widest cell, colours and wide characters reckoned in', async (t) => {
  const rows = [['a', '\u001b[32mvalid\u001b[0m', 'x'], ['漢字', '-', 'y']]
  t.equal(table(['NAME', 'STATE', 'Z'], rows), 'NAME  STATE  Z\na     \u001b[32mvalid\u001b[0m  x\n漢字  -      y')
})

t.test('what others wrote cannot move the cursor or begin a line', async (t) => {
  t.equal(table(['NAME'], [['a\nb\u001b[2Jc\u009bd']]), 'NAME\na\ufffdb\ufffd[2Jc\ufffdd')
})

t.test('facts that are not known are left out', async (t) => {
  t.equal(facts([['Name', 'a'], ['Why', null], ['Ends', 'b']]), 'Name  a\nEnds  b')
})

t.test('times are told from now, and as they are', async (t) => {
  t.equal(when('2026-07-04T12:00:00.000Z', NOW), 'in 3d (2026-07-04 12:00Z)')
  t.equal(when('2026-07-01T11:15:00.000Z', NOW), '45m ago (2026-07-01 11:15Z)')
  t.equal(when(null, NOW), 'never')
})

t.test('a time just short of a whole unit is told as that unit', async (t) => {
  t.same([0, 900, 5_000, 3_599_000, 2 * 86_400_000 - 5].map(relative), ['now', 'now', 'in 5s', 'in 1h', 'in 2d'])
})

t.test('colours are for terminals, and for those who want them', async (t) => {
  const painted = (isTTY: boolean, env: Record<string, string> = {}) => painter({ stdout: { isTTY }, env } as unknown as Parameters<typeof painter>[0])('red', 'x')
  t.equal(painted(true), '\u001b[31mx\u001b[0m')
  t.same([painted(false), painted(true, { NO_COLOR: '1' }), painted(true, { TERM: 'dumb' })], ['x', 'x', 'x'])
})
