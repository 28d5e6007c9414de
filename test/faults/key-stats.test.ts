import t from 'tap'
import { startGateway, type TestGateway } from '../helpers/gateway.ts'
import { send } from '../helpers/raw-client.ts'
import { startRawUpstream } from '../helpers/raw-upstream.ts'
import { settled, STREAMING } from '../helpers/settled.ts'

async function statsAfterOne (gateway: TestGateway) {
  await send(gateway.url, { headers: gateway.headers, body: STREAMING })
  await settled(gateway.app)
  return gateway.app.keyPool.stats().keys[0]!
}

t.test('a connection that breaks is told in the key\'s stats, and is not held against it', async (t) => {
  const upstream = await startRawUpstream(t, (socket) => socket.resetAndDestroy())
  const stats = await statsAfterOne(await startGateway(t, upstream.url))
  t.match(stats, { request_count: 3, error_count: 3, consecutive_failures: 0, is_healthy: true, last_error_reason: /could not be reached/ })
})

t.test('a header that comes twice does not hide a rate limit', async (t) => {
  const upstream = await startRawUpstream(t, (socket) => {
    socket.end('HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\ncontent-type: application/json\r\n' +
      'retry-after: 60\r\nretry-after: 60\r\ncontent-length: 2\r\n\r\n{}')
  })
  const gateway = await startGateway(t, upstream.url)
  t.match(await statsAfterOne(gateway), { cooldowns: [{ model: 'claude-sonnet-5-5' }] })
  const next = await send(gateway.url, { headers: gateway.headers, body: STREAMING })
  t.equal(next.status, 429)
  t.equal(next.headers['retry-after'], '60')
})
