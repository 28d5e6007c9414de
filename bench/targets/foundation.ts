/**
 * The foundation: Fastify, undici and one write for each turn, which the gateway is built on, and nothing of what it does. It cannot cost less
 * than this, except where it does something in a better way than Fastify.
 */
import fastify from 'fastify'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool, type Dispatcher } from 'undici'
import { AnswerWriter } from '../../src/upstreams/answer-writer.ts'
import { answerParent } from './probe.ts'

const [origin, connections] = process.argv.slice(2)
const pool = new Pool(origin!, { connections: Number(connections), pipelining: 1, allowH2: false })

class Relay implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse
  readonly #writer: AnswerWriter
  #controller: Dispatcher.DispatchController | null = null

  constructor (res: ServerResponse) {
    this.#res = res
    this.#writer = new AnswerWriter(res, () => this.#controller?.pause(), () => this.#controller?.resume())
    res.on('close', () => {
      this.#writer.close()
      this.#controller?.abort(new Error('the client is gone'))
    })
  }

  onRequestStart (controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#res.destroyed) controller.abort(new Error('the client is gone'))
  }

  onResponseStart (_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    const { connection, 'keep-alive': keepAlive, 'transfer-encoding': transferEncoding, ...kept } = headers
    this.#res.writeHead(status, kept)
  }

  onResponseData (_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#writer.write(chunk)
  }

  onResponseEnd (): void {
    this.#controller = null
    this.#writer.end()
  }

  onResponseError (): void {
    this.#controller = null
    this.#res.destroy()
  }
}

const app = fastify({ bodyLimit: 64 * 1024 * 1024 })
app.removeAllContentTypeParsers()
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.post('/*', (request, reply) => {
  const { host, connection, authorization, 'content-length': length, ...headers } = request.headers
  reply.hijack()
  pool.dispatch({ path: request.url, method: 'POST', headers, body: request.body as Buffer }, new Relay(reply.raw))
})
await app.listen({ port: 0, host: '127.0.0.1' })
answerParent({ port: (app.server.address() as AddressInfo).port })
