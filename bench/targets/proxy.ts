/**
 * The yardstick: what any proxy in Node must pay. It takes the body whole, passes it on with undici's dispatch, and writes each chunk of
 * the answer as it comes, with backpressure and abort, for a proxy without those is none. No auth, no checks, no log, no accounts.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'
import { answerParent } from './probe.ts'
import { passedOn, Relay } from './relay.ts'

const [origin, connections] = process.argv.slice(2)
const pool = new Pool(origin!, { connections: Number(connections), pipelining: 1, allowH2: false })

const server = createServer((req, res) => {
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => {
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    pool.dispatch({ path: req.url!, method: 'POST', headers: passedOn(req.headers), body }, new Relay(res))
  })
})

server.listen(0, '127.0.0.1', () => answerParent({ port: (server.address() as AddressInfo).port }))
