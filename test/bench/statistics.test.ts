import fc from 'fast-check'
import t from 'tap'
import { median, quantile, ratioOf, rotated, slope, spread } from '../../bench/statistics.ts'

const figures = fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 30 })

t.test('the median is the middle value, or the mean of the two in the middle', async (t) => {
  t.equal(median([5, 1, 3]), 3)
  t.equal(median([4, 1, 3, 2]), 2.5)
})

t.test('a quantile is one of the values, and they rise with their share', async (t) => {
  fc.assert(fc.property(figures, (values) => {
    const { p50, p90, p99 } = spread(values)
    return [p50, p90, p99].every((value) => values.includes(value)) && p50 <= p90 && p90 <= p99
  }), { numRuns: 200 })
  t.equal(quantile([10, 20, 30, 40], 0.99), 40)
})

t.test('there is no quantile of nothing', async (t) => {
  t.ok(Number.isNaN(quantile([], 0.5)))
})

t.test('a ratio goes by the medians, by the least, and by each round', async (t) => {
  t.strictSame(ratioOf([20, 30, 90], [10, 30, 10]), { ofMedians: 3, ofLeast: 2, least: 1, most: 9 })
})

t.test('one that always costs a multiple has that ratio, however the rounds were', async (t) => {
  fc.assert(fc.property(figures, fc.constantFrom(0.5, 2, 4), (base, times) => {
    const { ofMedians, ofLeast, least, most } = ratioOf(base.map((value) => value * times), base)
    return ofMedians === times && ofLeast === times && least === times && most === times
  }), { numRuns: 200 })
  t.pass()
})

t.test('the slope is that of the line which the values lie on', async (t) => {
  t.equal(slope([0, 1, 2, 3], [5, 8, 11, 14]), 3)
  t.equal(slope([0, 1, 2, 3], [7, 7, 7, 7]), 0)
})

t.test('in as many rounds as there are items each comes first once', async (t) => {
  const items = ['a', 'b', 'c']
  t.strictSame(items.map((_, round) => rotated(items, round)), [['a', 'b', 'c'], ['b', 'c', 'a'], ['c', 'a', 'b']])
  t.strictSame(rotated(items, 3), items)
})
