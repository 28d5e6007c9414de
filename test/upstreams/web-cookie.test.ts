import fc from 'fast-check'
import t from 'tap'
import { parseSessionKey, renewedCookie } from '../../src/upstreams/web-cookie.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const KEY = `sk-ant-sid01-made-up-${'x'.repeat(80)}-MADEUPAA`
const NEWER = `sk-ant-sid02-made-up-${'y'.repeat(80)}-MADEUPAA`

const renewed = (lines: string[], status = 200) => renewedCookie({ 'set-cookie': lines }, status, NOW)

t.test('a key is taken in every form in which it is pasted', async (t) => {
  for (const text of [
    KEY, ` ${KEY}\n`, `"${KEY}"`, `'${KEY}'`, `sessionKey=${KEY}`, `sessionKey=${KEY};`, `sessionKey="${KEY}";`, ` "sessionKey=${KEY};" `, `sessionKey = ${KEY}`,
    `Cookie: sessionKey=${KEY}`, `cookie: a=b; sessionKey=${KEY}; c=d=e`, `a=b;sessionKey=${KEY};sessionKeyLC=1`, `${KEY};`
  ]) t.equal(parseSessionKey(text), KEY, JSON.stringify(text))
  t.equal(parseSessionKey(NEWER), NEWER)
  t.equal(parseSessionKey(KEY.replace('sid01', 'sid37')), KEY.replace('sid01', 'sid37'))
})

t.test('anything else is no key', async (t) => {
  for (const text of [
    '', ' ', 'sessionKey=', 'sk-ant-api03-made-up', 'sk-ant-sid01-short', KEY.slice(0, 32), `sk-ant-sid1-${'x'.repeat(90)}`, `sk-ant-sid01-${'x'.repeat(401)}`,
    `${KEY}\r\nx: y`, `${KEY} ${KEY}`, `${KEY}é`, `${KEY}\0`, `x${KEY}`, `SessionKey=${KEY}`, `xsessionKey=${KEY}`, `sessionKey=${KEY}; sessionKey=${NEWER}`,
    `Cookie: a=b\r\nX: y; sessionKey=${KEY}`, `a=sessionKey=${KEY}`, `a=${'b'.repeat(20_000)}; sessionKey=${KEY}`, `a=b; ${KEY}`
  ]) t.equal(parseSessionKey(text), null, JSON.stringify(text.slice(0, 200)))
})

t.test('whatever is pasted, what comes out can stand in a header', async () => {
  const piece = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(KEY, 'sessionKey=', 'Cookie: ', '; ', '"', '\r\n', 'sk-ant-sid01-'))
  fc.assert(fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
    const key = parseSessionKey(pieces.join(''))
    return key === null || /^[\w-]{33,413}$/.test(key)
  }), { numRuns: 1_000 })
})

t.test('a key is renewed, with the end that it names', async (t) => {
  t.strictSame(renewed([`sessionKey=${NEWER}; Path=/; HttpOnly`]), { value: NEWER, expiresAt: null })
  t.strictSame(renewed([`sessionKey=${NEWER}; Expires=Sun, 20 Dec 2026 12:00:00 GMT; Secure`]), { value: NEWER, expiresAt: Date.parse('2026-12-20T12:00:00Z') })
  t.strictSame(renewed([`sessionKey=${NEWER}; Max-Age=60; expires=Sun, 20 Dec 2026 12:00:00 GMT`]), { value: NEWER, expiresAt: NOW + 60_000 })
  t.strictSame(renewed([`sessionKey=${NEWER}; max-age=soon`]), { value: NEWER, expiresAt: null })
})

t.test('among several cookies only the exact name counts, and of those the last good one', async (t) => {
  t.equal(renewed([`__cf_bm=sessionKey=${KEY}; Path=/`, `sessionKeyLC=${KEY}`, `sessionKey=${KEY}`, `sessionKey=${NEWER}`, 'sessionKey=; Max-Age=0'])?.value, NEWER)
  for (const name of ['sessionkey', 'SESSIONKEY', 'sessionKeyLC', 'xsessionKey', '']) t.equal(renewed([`${name}=${KEY}`]), null, name)
})

t.test('a deletion renews nothing', async (t) => {
  for (const line of [
    'sessionKey=""; Max-Age=0', 'sessionKey=; Max-Age=0', `sessionKey=${NEWER}; Max-Age=0`, `sessionKey=${NEWER}; Max-Age=-1`,
    `sessionKey=${NEWER}; Expires=Thu, 01 Jan 1970 00:00:00 GMT`, 'sessionKey', 'sessionKey=deleted', `sessionKey=${NEWER} x`
  ]) t.equal(renewed([line]), null, line)
})

t.test('an answer that is not good renews nothing', async (t) => {
  for (const status of [0, 199, 302, 403, 429, 500]) t.equal(renewed([`sessionKey=${NEWER}`], status), null, String(status))
  t.equal(renewed([`sessionKey=${NEWER}`], 204)?.value, NEWER)
  t.equal(renewedCookie({ cookie: `sessionKey=${NEWER}` }, 200, NOW), null)
  t.equal(renewedCookie({}, 200), null)
})
