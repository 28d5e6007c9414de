import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** A request as the upstream got it, with its whole body. */
export interface Seen {
  req: IncomingMessage
  body: Buffer
}

/** An upstream whose every answer a test decides. `seen` holds what arrived; all sockets end with the test. */
export async function startUpstream (t: Test, answer: (res: ServerResponse, seen: Seen) => void) {
  const seen: Seen[] = []
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('error', () => {})
    res.on('error', () => {})
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const entry = { req, body: Buffer.concat(chunks) }
      seen.push(entry)
      answer(res, entry)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, server }
}

/** One server-sent event in Anthropic's form. */
export function event (type: string, fields: object = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
}

export const MESSAGE_START = event('message_start', {
  message: {
    id: 'msg_made_up',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-5-5',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 25, cache_creation_input_tokens: 7, cache_read_input_tokens: 100, output_tokens: 1 }
  }
})

export function textDelta (text: string): string {
  return event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })
}

export const MESSAGE_END = event('content_block_stop', { index: 0 }) +
  event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 42 } }) +
  event('message_stop')

/** A whole, proper stream that says the given texts. */
export function wholeStream (...texts: string[]): string {
  const start = event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } })
  return MESSAGE_START + start + texts.map(textDelta).join('') + MESSAGE_END
}

export const SSE_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'request-id': 'req_upstream_made_up' }
