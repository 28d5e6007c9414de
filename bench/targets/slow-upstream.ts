/** An upstream that can be waited for: it stamps what it sends, and tells when a request of its has been closed. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CASE_HEADER, streamEnd, streamStart, textDelta } from '../cases.ts'
import { answerParent, report, sharedClock } from './probe.ts'

/** How long the upstream is silent behind its first event, in milliseconds. */
const SILENCE = 2_000
/** Time between two events of an ordinary stream, in milliseconds. */
const PACE = 10
/** A flood counts as stuck when nothing of it has been taken for this long, in milliseconds. */
const STUCK = 200

const behaviours: Record<string, (res: ServerResponse) => void> = { firstEvent, noHeaders, midStream, flood }

const server = createServer((req: IncomingMessage, res) => {
  req.resume()
  res.on('error', () => {})
  res.on('close', () => {
    if (!res.writableFinished) report('closed', sharedClock())
  })
  req.on('end', () => behaviours[req.headers[CASE_HEADER] as string]!(res))
})

function startStream (res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
}

/** The first event carries the time at which it was sent; then comes nothing for long. */
function firstEvent (res: ServerResponse): void {
  startStream(res)
  res.write(streamStart(`msg_${sharedClock()}`)[0])
  const timer = setTimeout(() => res.end(Buffer.concat(streamEnd())), SILENCE)
  res.on('close', () => clearTimeout(timer))
}

function noHeaders (): void {
  report('waiting')
}

function midStream (res: ServerResponse): void {
  startStream(res)
  res.write(Buffer.concat(streamStart()))
  const timer = setInterval(() => res.write(textDelta('word ')), PACE)
  res.on('close', () => clearInterval(timer))
}

/** Sends as much as is taken, and tells when nothing more is taken: from then on everything before it is paused. */
function flood (res: ServerResponse): void {
  const bytes = textDelta('x'.repeat(16 * 1024))
  const stuck = setTimeout(() => report('waiting'), STUCK)
  const fill = () => {
    stuck.refresh()
    while (res.write(bytes));
  }
  res.on('drain', fill)
  res.on('close', () => clearTimeout(stuck))
  startStream(res)
  fill()
}

server.listen(0, '127.0.0.1', () => answerParent({ port: (server.address() as AddressInfo).port }))
