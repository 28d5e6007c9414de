import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { Test } from 'tap'

/** An upstream that answers with bytes. `answer` runs once a whole request is there; requests are told by their length header. */
export async function startRawUpstream (t: Test, answer: (socket: Socket, request: string) => void) {
  const sockets = new Set<Socket>()
  const requests: string[] = []
  const server = createServer((socket) => {
    let text = ''
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const end = wholeRequest(text)
      if (end === -1) return
      const request = text.slice(0, end)
      text = text.slice(end)
      requests.push(request)
      answer(socket, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, sockets }
}

/** The index behind the first whole request, or -1. */
function wholeRequest (text: string): number {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return -1
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0)
  return text.length >= head + 4 + length ? head + 4 + length : -1
}

/** The head of an answer, ended by a blank line. */
export function head (status: string, ...headers: string[]): string {
  return [`HTTP/1.1 ${status}`, ...headers, '', ''].join('\r\n')
}

/** The head of an event stream whose end is the connection's end. */
export const STREAM_HEAD = head('200 OK', 'content-type: text/event-stream; charset=utf-8', 'request-id: req_upstream_made_up', 'transfer-encoding: chunked')

/** One chunk of a chunked body. */
export function chunk (data: string | Buffer): Buffer {
  const bytes = Buffer.from(data)
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

export const LAST_CHUNK = '0\r\n\r\n'
