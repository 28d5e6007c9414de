import t from 'tap'
import { makeToken, startGateway } from '../helpers/gateway.ts'
import { settled } from '../helpers/settled.ts'
import { event, MESSAGE_END, MESSAGE_START, startUpstream } from '../helpers/upstream.ts'

const FILE = 'file_011CNha8iCJcU1wXNR6q4V8w'
const RESULT = event('content_block_start', {
  index: 0, content_block: { type: 'code_execution_tool_result', content: { content: [{ type: 'code_execution_output', file_id: FILE }] } }
})
const BODY = JSON.stringify({
  model: 'claude-sonnet-5-5', max_tokens: 16, stream: true, tools: [{ type: 'code_execution_20260120', name: 'code_execution' }], messages: [{ role: 'user', content: 'draw' }]
})

t.test('a file that a tool made can be downloaded by the token that asked for it, with a key of its workspace, and by no other', async (t) => {
  const keys: unknown[] = []
  const upstream = await startUpstream(t, (res, { req }) => {
    keys.push(req.headers['x-api-key'])
    if (req.method === 'GET') return res.writeHead(200, { 'content-type': 'image/png' }).end('a picture')
    return res.writeHead(200, { 'content-type': 'text/event-stream' }).end(MESSAGE_START + RESULT + MESSAGE_END)
  })
  const gateway = await startGateway(t, upstream.url, { claude: { api_keys: ['a', 'b', 'c'].map((name) => ({ key: `sk-ant-made-up-${name}` })) } })
  const other = await makeToken(gateway.app)
  t.match(await (await fetch(`${gateway.url}/v1/messages`, { method: 'POST', headers: gateway.headers, body: BODY })).text(), /message_stop/)
  for (let i = 0; i < 4; i++) {
    const answer = await fetch(`${gateway.url}/v1/files/${FILE}/content`, { headers: gateway.headers })
    t.same([answer.status, answer.headers.get('content-type'), await answer.text()], [200, 'image/png', 'a picture'])
  }
  t.equal(new Set(keys).size, 1, 'all with the key that made it')
  const foreign = await fetch(`${gateway.url}/v1/files/${FILE}/content`, { headers: { ...gateway.headers, authorization: `Bearer ${other.token}` } })
  t.equal(foreign.status, 404)
  await settled(gateway.app)
})
