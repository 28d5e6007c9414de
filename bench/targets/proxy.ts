/**
 * The yardstick: what any proxy in Node must pay. It takes the body whole, passes it on with undici's dispatch, and writes each chunk of
 * the answer as it comes, with backpressure and abort, for a proxy without those is none. No auth, no checks, no log, no accounts.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool, type Dispatcher } from 'undici'
import { answerParent } from './probe.ts'

const [origin, connections] = process.argv.slice(2)
const pool = new Pool(origin!, { connections: Number(connections), pipelining: 1, allowH2: false })

class Relay implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse
  #controller: Dispatcher.DispatchController | null = null

  constructor (res: ServerResponse) {
    this.#res = res
    res.on('close', () => this.#controller?.abort(new Error('the client is gone')))
  }

  onRequestStart (controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#res.destroyed) controller.abort(new Error('the client is gone'))
  }

  onResponseStart (_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    const { connection, 'keep-alive': keepAlive, 'transfer-encoding': transferEncoding, ...kept } = headers
    this.#res.writeHead(status, kept)
  }

  onResponseData (controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#res.write(chunk)) return
    controller.pause()
    this.#res.once('drain', () => controller.resume())
  }

  onResponseEnd (): void {
    this.#controller = null
    this.#res.end()
  }

  onResponseError (): void {
    this.#controller = null
    this.#res.destroy()
  }
}

const server = createServer((req, res) => {
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => {
    const { host, connection, authorization, 'content-length': length, ...headers } = req.headers
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    pool.dispatch({ path: req.url!, method: 'POST', headers, body }, new Relay(res))
  })
})

server.listen(0, '127.0.0.1', () => answerParent({ port: (server.address() as AddressInfo).port }))
