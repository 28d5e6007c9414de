import t from 'tap'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { ADMIN_KEY, makeToken, startGateway } from '../helpers/gateway.ts'
import { Exchange, send } from '../helpers/raw-client.ts'
import { STREAMING } from '../helpers/settled.ts'
import { MESSAGE_END, MESSAGE_START, SSE_HEADERS, startUpstream } from '../helpers/upstream.ts'
import { endsWithErrorEvent, isEnvelope, nothingIsLeft } from './expect.ts'

t.test('revoking a token ends its running stream with an error event, and its next request is refused', async (t) => {
  const answers: ServerResponse[] = []
  const upstream = await startUpstream(t, (res) => {
    res.writeHead(200, SSE_HEADERS)
    res.write(MESSAGE_START)
    answers.push(res)
  })
  const gateway = await startGateway(t, upstream.url)
  const other = await makeToken(gateway.app, { name: 'other' })
  const mine = new Exchange(gateway.url, { headers: gateway.headers, body: STREAMING })
  await mine.has('message_start')
  const theirs = new Exchange(gateway.url, { headers: { ...gateway.headers, authorization: `Bearer ${other.token}` }, body: STREAMING })
  await theirs.has('message_start')
  const upstreamClosed = once(answers[0]!, 'close')

  const revoked = await send(gateway.url, {
    path: '/api/token/revoke', headers: { 'x-admin-key': ADMIN_KEY, 'content-type': 'application/json' }, body: JSON.stringify({ id: gateway.tokenId })
  })
  t.equal(revoked.status, 200)
  isEnvelope(t, await send(gateway.url, { headers: gateway.headers, body: STREAMING }), 401, 'authentication_error')
  endsWithErrorEvent(t, await mine.done, 'authentication_error')
  await upstreamClosed
  t.equal(upstream.seen.length, 2, 'the refused request was not sent on')

  answers[1]!.end(MESSAGE_END)
  t.equal((await theirs.done).body.toString(), MESSAGE_START + MESSAGE_END, 'the stream of another token goes on')
  await nothingIsLeft(t, gateway)
})
