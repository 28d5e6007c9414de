import t from 'tap'
import { lastLine, tallyOf, total } from './run.ts'

t.test('passed assertions are counted', async (t) => {
  t.same(tallyOf(' PASS  test/a.test.ts 7 OK 20ms\n# { total: 7, pass: 7 }\n# time=20ms\n', true), { passed: 7, failed: 0, skipped: 0 })
})

t.test('failed, skipped and postponed assertions are counted', async (t) => {
  const output = ' FAIL  test/a.test.ts 7 failed 1 todo 2 skip of 15 1.2s\n# { total: 15, pass: 5, fail: 7, todo: 1, skip: 2 }\n'
  t.same(tallyOf(output, false), { passed: 5, failed: 7, skipped: 3 })
})

t.test('colours do not hide the counts', async (t) => {
  t.match(tallyOf('\u001b[?25h\u001b[32m# { total: 7, pass: 7 }\u001b[39m\n', true), { passed: 7, failed: 0 })
})

t.test('a file that crashed after passed assertions is one failure, however often it is shown', async (t) => {
  const output = ' FAIL  test/a.test.ts 2 14ms\n\n FAIL  test/a.test.ts 2 14ms\n PASS  test/b.test.ts 1 OK 20ms\n# { total: 3, pass: 3 }\n'
  t.same(tallyOf(output, false), { passed: 3, failed: 1, skipped: 0 })
})

t.test('a file that crashed before any assertion is in the sum already', async (t) => {
  t.same(tallyOf(' FAIL  test/a.test.ts 0 14ms\n# { total: 1, pass: 0, fail: 1 }\n', false), { passed: 0, failed: 1, skipped: 0 })
})

t.test('a run that failed without a reason is a failure', async (t) => {
  t.match(tallyOf('# { total: 1, pass: 1 }\n', false), { passed: 1, failed: 1 })
})

t.test('a run that wrote nothing is a failure', async (t) => {
  t.same(tallyOf('', true), { passed: 0, failed: 1, skipped: 0 })
})

t.test('the last line sums all steps', async (t) => {
  const step = { passed: 1, failed: 0, skipped: 0 }
  t.equal(lastLine(total([step, step, { passed: 10, failed: 2, skipped: 0 }])), '12 passed, 2 failed')
  t.equal(lastLine(total([step, { passed: 10, failed: 0, skipped: 3 }])), '11 passed, 0 failed')
})
