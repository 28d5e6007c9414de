import t from 'tap'
import { chart } from '../../bench/chart.ts'

const svg = chart('Title', ['a < b & c'], [{
  title: 'Panel',
  unit: 'µs',
  bars: [{ name: 'first', value: 10 }, { name: 'ours', value: 20, ours: true }, { name: 'most', value: 1_000 }, { name: 'gone', value: NaN, note: 'answers 500' }]
}])
const widths = [...svg.matchAll(/<rect x="[\d.]+" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width))

t.test('each figure has a bar, and dearer ones have longer bars', async (t) => {
  t.equal(widths.length, 3)
  t.ok(widths[0]! > 0 && widths[0]! < widths[1]! && widths[1]! < widths[2]!)
})

t.test('each bar tells its figure and how many times the first it is', async (t) => {
  t.match(svg, '20 µs · 2.00 ×')
  t.match(svg, '1,000 µs · 100 ×')
})

t.test('what could not be measured is shown with the reason', async (t) => {
  t.match(svg, />answers 500</)
})

t.test('the same multiple has the same length in every panel', async (t) => {
  const bars = [{ name: 'one', value: 1 }, { name: 'two', value: 2 }]
  const both = chart('', [], [{ title: '', unit: 'µs', bars }, { title: '', unit: 'µs', bars: bars.map((bar) => ({ ...bar, value: bar.value * 70 })) }])
  const [one, two, three, four] = [...both.matchAll(/<rect x="[\d.]+" y="\d+" width="([\d.]+)"/g)].map(([, width]) => width)
  t.strictSame([one, two], [three, four])
  t.not(one, two)
})

t.test('text is escaped', async (t) => {
  t.match(svg, 'a &lt; b &amp; c')
})

t.test('equal values, and none at all, are drawn as well', async (t) => {
  const bars = [{ name: 'one', value: 5 }, { name: 'two', value: 5 }]
  t.notMatch(chart('', [], [{ title: '', unit: 'µs', bars }]), /NaN/)
  t.notMatch(chart('', [], [{ title: '', unit: 'µs', bars: [{ name: 'one', value: NaN }] }]), /NaN|Infinity/)
})
