/** An upstream whose streams all run at the pace of a real answer, spread evenly, until their clients leave. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { streamStart, textDelta } from '../cases.ts'
import { PACED_TEXT, PERIOD } from '../pace.ts'
import { answerParent } from './probe.ts'

const opening = Buffer.concat(streamStart())
const event = textDelta(PACED_TEXT)
let streams = 0

/** Each stream has a millisecond of the period to itself, as far as they go: events of different streams do not come in bursts. */
function pace (res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  res.write(opening)
  let timer = setTimeout(() => {
    timer = setInterval(() => res.write(event), PERIOD)
  }, streams++ % PERIOD)
  res.on('error', () => {})
  res.on('close', () => clearTimeout(timer))
}

const server = createServer((req, res) => {
  req.resume()
  req.on('end', () => pace(res))
})

server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => answerParent({ port: (server.address() as AddressInfo).port }))
