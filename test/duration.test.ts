import t from 'tap'
import { parseDuration } from '../src/duration.ts'

t.test('reads single and combined units as milliseconds', async (t) => {
  t.equal(parseDuration('250ms'), 250)
  t.equal(parseDuration('90s'), 90_000)
  t.equal(parseDuration('90m'), 5_400_000)
  t.equal(parseDuration('1h30m'), 5_400_000)
  t.equal(parseDuration('720h'), parseDuration('30d'))
  t.equal(parseDuration('0s'), 0)
})

t.test('refuses everything else', async (t) => {
  for (const text of ['', '90', 's', '-1h', '1.5h', '1h 30m', ' 1h', '1H', '1w', '1h-30m', '9'.repeat(20) + 'd', '1h\n']) {
    t.equal(parseDuration(text), undefined, JSON.stringify(text))
  }
})
