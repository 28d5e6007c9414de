import t from 'tap'
import { subscribe } from 'node:diagnostics_channel'
import type { FastifyRequest } from 'fastify'
import { startGateway } from '../helpers/gateway.ts'
import { messages, settled } from '../helpers/settled.ts'
import { startUpstream } from '../helpers/upstream.ts'

t.test('while an answer runs, what was parsed from its request is not kept', async (t) => {
  const requests: FastifyRequest[] = []
  subscribe('tracing:fastify.request.handler:start', (message) => { requests.push((message as { request: FastifyRequest }).request) })
  let kept: unknown = 'the upstream was not asked'
  const upstream = await startUpstream(t, (res) => {
    kept = requests.at(-1)!.body
    res.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  const gateway = await startGateway(t, upstream.url)
  await (await fetch(`${gateway.url}/v1/messages`, { method: 'POST', headers: gateway.headers, body: messages() })).text()
  t.equal(kept, undefined)
  await settled(gateway.app)
})
