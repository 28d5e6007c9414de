import fc from 'fast-check'
import t from 'tap'
import { resetTime } from '../../../src/translate/web/reset-time.ts'

const AT = 1_790_000_000_000

t.test('a time in every form that has been seen', async (t) => {
  for (const value of [1_790_000_000, '1790000000', AT, String(AT), '2026-09-21T14:13:20Z', '2026-09-21T16:13:20.000+02:00', ' 1790000000 ']) {
    t.equal(resetTime(value), AT, String(value))
  }
})

t.test('what is no time', async (t) => {
  for (const value of [undefined, null, '', 'soon', '5', 300, -1, NaN, Infinity, 1e300, {}, [], true, '2026', '2026-99-99T99:99:99Z', '9'.repeat(400)]) {
    t.equal(resetTime(value), null, JSON.stringify(value))
  }
  fc.assert(fc.property(fc.anything(), (value) => {
    const time = resetTime(value)
    return time === null || Number.isFinite(time)
  }))
})
