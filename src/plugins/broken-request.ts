import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { GatewayError, errorBody } from '../errors.ts'

/**
 * Answers what Node's HTTP parser refused, for which no request exists. The client may speak any of the protocols; Anthropic's envelope
 * is told, since its `error` object reads alike in all of them. Source of the codes: Node.js, Event 'clientError'.
 */
export function refuseBrokenRequest (error: NodeJS.ErrnoException, socket: Socket): void {
  // Text of our own would stand in the middle of an answer that has begun. Node's own handler asks the same.
  const { _httpMessage: running } = socket as Socket & { _httpMessage?: ServerResponse | null }
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable || running?.headersSent === true) {
    socket.destroy()
    return
  }
  const [reason, fault] = describe(error.code)
  const body = JSON.stringify(errorBody(fault, 'anthropic', 'none'))
  socket.end(`HTTP/1.1 ${fault.status} ${reason}\r\ncontent-type: application/json; charset=utf-8\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  // Node has stopped timing this socket: a client that never closes its side would keep it for ever.
  () => socket.destroy())
}

function describe (code: string | undefined): [string, GatewayError] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return ['Request Header Fields Too Large', new GatewayError('invalid_request_error', 'headers: are larger than 16 KiB together; send fewer or shorter ones.', { status: 431 })]
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['Request Timeout', new GatewayError('timeout_error', 'The request did not arrive in time; send it again.', { status: 408 })]
    default:
      return ['Bad Request', new GatewayError('invalid_request_error', 'The request is not valid HTTP/1.1.')]
  }
}
