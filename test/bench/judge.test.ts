import { readFileSync } from 'node:fs'
import t from 'tap'
import { judge, TOLERANCE } from '../../bench/judge.ts'

const recorded = { small: { ofMedians: 2, ofLeast: 1.8 } }

t.test('as it was, and a little worse, passes', async (t) => {
  t.ok(judge('small', recorded.small, recorded).ok)
  t.ok(judge('small', { ofMedians: 2 * TOLERANCE, ofLeast: 1.8 * TOLERANCE }, recorded).ok)
})

t.test('it is worse when medians and least both say so, and only then', async (t) => {
  t.notOk(judge('small', { ofMedians: 2.9, ofLeast: 2.6 }, recorded).ok)
  t.ok(judge('small', { ofMedians: 9, ofLeast: 1.8 }, recorded).ok)
  t.ok(judge('small', { ofMedians: 2, ofLeast: 9 }, recorded).ok)
})

t.test('what was never recorded does not pass', async (t) => {
  t.notOk(judge('paced', { ofMedians: 1, ofLeast: 1 }, recorded).ok)
})

t.test('a figure that is none does not pass', async (t) => {
  t.notOk(judge('small', { ofMedians: NaN, ofLeast: NaN }, recorded).ok)
})

t.test('every case that the guard measures is recorded', async (t) => {
  const { ratios } = JSON.parse(readFileSync(new URL('../../bench/guard.json', import.meta.url), 'utf8'))
  t.strictSame(Object.keys(ratios).sort(), ['large', 'paced', 'small', 'stream'])
})
