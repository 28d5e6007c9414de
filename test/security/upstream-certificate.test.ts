import t from 'tap'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { startGateway } from '../helpers/gateway.ts'
import { send } from '../helpers/raw-client.ts'
import { messages, STREAMING } from '../helpers/settled.ts'
import { isEnvelope, nothingIsLeft } from '../faults/expect.ts'

for (const loosened of [undefined, '0']) {
  t.test(`a self-signed upstream is refused before the key is sent, NODE_TLS_REJECT_UNAUTHORIZED=${loosened}`, async (t) => {
    if (loosened !== undefined) process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = loosened
    t.teardown(() => { delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'] })
    const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/self-signed/${name}`, import.meta.url))
    let connections = 0
    let requests = 0
    const server = createServer({ key: fixture('key.pem'), cert: fixture('cert.pem') }, (_req, res) => {
      requests++
      res.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
    server.on('connection', () => connections++)
    server.on('tlsClientError', () => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => server.close())
    const gateway = await startGateway(t, `https://127.0.0.1:${(server.address() as AddressInfo).port}`)

    for (const body of [messages(), STREAMING]) isEnvelope(t, await send(gateway.url, { headers: gateway.headers, body }), 502, 'api_error')
    isEnvelope(t, await send(gateway.url, { method: 'GET', path: '/v1/models', headers: gateway.headers }), 502, 'api_error')
    t.equal(connections, 3, 'the upstream was asked to show its certificate')
    t.equal(requests, 0, 'and was sent nothing')
    await nothingIsLeft(t, gateway)
  })
}
