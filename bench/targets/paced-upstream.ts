/** An upstream whose streams all run at the pace of a real answer, spread evenly, until their clients leave; or say nothing more. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CASE_HEADER, streamStart } from '../cases.ts'
import { IDLE_CASE, PERIOD, stampedEvent } from '../pace.ts'
import { answerParent, sharedClock } from './probe.ts'

const opening = Buffer.concat(streamStart())
let streams = 0
let open = 0

/** Each stream has a millisecond of the period to itself, as far as they go: events of different streams do not come in bursts. */
function pace (res: ServerResponse): void {
  let timer = setTimeout(() => {
    timer = setInterval(() => res.write(stampedEvent(sharedClock())), PERIOD)
  }, streams++ % PERIOD)
  res.on('close', () => clearTimeout(timer))
}

const server = createServer((req, res) => {
  open++
  res.on('error', () => {})
  res.on('close', () => open--)
  req.resume()
  req.on('end', () => {
    res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    res.write(opening)
    if (req.headers[CASE_HEADER] !== IDLE_CASE) pace(res)
  })
})

server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
  answerParent({ port: (server.address() as AddressInfo).port }, () => open)
})
