/** The upstream of the cost table: plain node:http, the answers ready as bytes, so that it costs as little as it can. */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buildCases, buildStreams, CASE_HEADER, NONCE_VARIABLE, type Answer } from '../cases.ts'
import { CERTIFICATE_VARIABLE } from '../certificate.ts'
import { answerParent } from './probe.ts'

const nonce = process.env[NONCE_VARIABLE]!
const folder = process.env[CERTIFICATE_VARIABLE]
const answers = new Map(Object.entries({ ...buildCases(nonce), ...buildStreams(nonce) }).map(([name, { answer }]) => [name, answer]))

/** What the API sends beside the body. Source: Anthropic API, response headers and rate limits. */
const HEADERS = {
  'request-id': 'req_made_up_upstream_00000001',
  'anthropic-organization-id': '00000000-0000-4000-8000-000000000000',
  'anthropic-ratelimit-requests-limit': '4000',
  'anthropic-ratelimit-requests-remaining': '3999',
  'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:00Z'
}

const server = folder === undefined
  ? createServer(serve)
  : createTlsServer({ key: readFileSync(`${folder}/key.pem`), cert: readFileSync(`${folder}/cert.pem`) }, serve)

function serve (req: IncomingMessage, res: ServerResponse): void {
  const named = answers.get(String(req.headers[CASE_HEADER]))
  let streaming = false
  if (named !== undefined) req.resume()
  // Some gateways keep the header that names the case to themselves.
  else req.on('data', (chunk: Buffer) => { streaming ||= chunk.includes('"stream":true') })
  req.on('end', () => answer(named ?? (req.method === 'POST' ? answers.get(streaming ? 'stream' : 'small') : undefined), res))
}

function answer (wanted: Answer | undefined, res: ServerResponse): void {
  // The gateway asks for the list of models on its own account.
  if (wanted === undefined) {
    res.writeHead(404, { 'content-type': 'application/json' }).end('{}')
    return
  }
  const { type, writes, together, length } = wanted
  if (writes.length === 1) {
    res.writeHead(200, { ...HEADERS, 'content-type': type, 'content-length': length }).end(writes[0])
    return
  }
  res.writeHead(200, { ...HEADERS, 'content-type': type })
  if (together) {
    for (const bytes of writes) res.write(bytes)
    res.end()
  } else {
    writeInTurns(res, writes, 0)
  }
}

/** Node joins the writes of one turn of the event loop into one; so that each event travels alone, each has a turn. */
function writeInTurns (res: ServerResponse, writes: Buffer[], at: number): void {
  if (at === writes.length) {
    res.end()
    return
  }
  res.write(writes[at])
  setImmediate(writeInTurns, res, writes, at + 1)
}

const protocol = folder === undefined ? 'http:' : 'https:'
server.listen(0, '127.0.0.1', () => answerParent({ port: (server.address() as AddressInfo).port, protocol }))
