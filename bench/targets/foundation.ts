/**
 * The foundation: Fastify, undici and one write for each turn, which the gateway is built on, and nothing of what it does. It cannot cost less
 * than this, except where it does something in a better way than Fastify.
 */
import fastify from 'fastify'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool, type Dispatcher } from 'undici'
import { AnswerWriter } from '../../src/upstreams/answer-writer.ts'
import { answerParent } from './probe.ts'
import { passedOn, Relay } from './relay.ts'

const [origin, connections] = process.argv.slice(2)
const pool = new Pool(origin!, { connections: Number(connections), pipelining: 1, allowH2: false })

class FramedRelay extends Relay {
  readonly #writer: AnswerWriter

  constructor (res: ServerResponse) {
    super(res)
    this.#writer = new AnswerWriter(res, () => this.controller?.pause(), () => this.controller?.resume())
    res.on('close', () => this.#writer.close())
  }

  override onResponseData (_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#writer.write(chunk)
  }

  override onResponseEnd (): void {
    this.controller = null
    this.#writer.end()
  }
}

const app = fastify({ bodyLimit: 64 * 1024 * 1024 })
app.removeAllContentTypeParsers()
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.post('/*', (request, reply) => {
  reply.hijack()
  pool.dispatch({ path: request.url, method: 'POST', headers: passedOn(request.headers), body: request.body as Buffer }, new FramedRelay(reply.raw))
})
await app.listen({ port: 0, host: '127.0.0.1' })
answerParent({ port: (app.server.address() as AddressInfo).port })
