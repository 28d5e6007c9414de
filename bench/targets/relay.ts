import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'

/** Passes an answer on to a client, with one `res.write` for each chunk, with backpressure and abort. */
export class Relay implements Dispatcher.DispatchHandler {
  readonly res: ServerResponse
  controller: Dispatcher.DispatchController | null = null

  constructor (res: ServerResponse) {
    this.res = res
    res.on('close', () => this.controller?.abort(new Error('the client is gone')))
  }

  onRequestStart (controller: Dispatcher.DispatchController): void {
    this.controller = controller
    if (this.res.destroyed) controller.abort(new Error('the client is gone'))
  }

  onResponseStart (_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    const { connection, 'keep-alive': keepAlive, 'transfer-encoding': transferEncoding, ...kept } = headers
    this.res.writeHead(status, kept)
  }

  onResponseData (controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.res.write(chunk)) return
    controller.pause()
    this.res.once('drain', () => controller.resume())
  }

  onResponseEnd (): void {
    this.controller = null
    this.res.end()
  }

  onResponseError (): void {
    this.controller = null
    this.res.destroy()
  }
}

/** What of a client's headers goes on. */
export function passedOn (headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { host, connection, authorization, 'content-length': length, ...rest } = headers
  return rest
}
