import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { send } from '../helpers/raw-client.ts'
import { messages, STREAMING } from '../helpers/settled.ts'
import { startUpstream } from '../helpers/upstream.ts'

// What the upstream says of a request is passed on as it said it: Claude Code's own recovery reads the wording.

const HEADERS = {
  'content-type': 'application/json',
  'request-id': 'req_upstream_made_up',
  'retry-after': '7',
  'x-should-retry': 'false',
  'anthropic-organization-id': 'org-made-up',
  'anthropic-ratelimit-requests-remaining': '0'
}

let status = 0
const bodyOf = (status: number): string => `{ "type":"error","request_id":"req_x",\n "error":{"message":"é ${status}  \\u0041","n":12345678901234567890,"type":"t"}}\n`
const upstream = await startUpstream(t, (res) => {
  res.writeHead(status, { ...HEADERS, 'set-cookie': ['a=made-up', 'b=made-up'], 'x-internal': 'made up', server: 'made up' })
  res.end(bodyOf(status))
})

for (const code of [400, 401, 403, 404, 413, 422, 429, 500, 502, 503, 529]) {
  for (const [kind, body, path] of [
    ['', messages(), '/v1/messages'],
    [' to a stream', STREAMING, '/v1/messages'],
    [' to count_tokens', messages(), '/v1/messages/count_tokens']
  ] as const) {
    t.test(`${code}${kind}`, async (t) => {
      status = code
      const gateway = await startGateway(t, upstream.url)
      const answer = await send(gateway.url, { path, headers: gateway.headers, body })
      t.equal(answer.status, code)
      t.equal(answer.body.toString(), bodyOf(code))
      t.match(answer.headers, HEADERS)
      t.notOk('set-cookie' in answer.headers || 'x-internal' in answer.headers || 'server' in answer.headers, 'nothing else crosses')
      const mended = code >= 500 && !path.endsWith('count_tokens')
      t.equal(upstream.seen.splice(0).length, mended ? 3 : 1, 'the request was sent as often as it may be')
    })
  }
}
