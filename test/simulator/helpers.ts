import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { buildSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/app.ts'

/** What these helpers need of a tap test. */
interface Test { teardown: (action: () => unknown) => void }

export interface ServerEvent { event: string, data: any }

export const HEADERS = { 'x-api-key': 'sk-ant-sim-test-aaaa', 'anthropic-version': '2023-06-01', 'content-type': 'application/json' }

/** A simulator without a port, closed with the test. */
export function simulator (t: Test, options?: SimulatorOptions): Simulator {
  const app = buildSimulator(options)
  t.teardown(() => app.close())
  return app
}

/** A simulator on a real port, closed with the test. */
export async function listening (t: Test, options?: SimulatorOptions): Promise<{ app: Simulator, url: string }> {
  const app = simulator(t, options)
  return { app, url: await app.listen({ port: 0, host: '127.0.0.1' }) }
}

/** A Messages request with the given prompt. */
export function bodyOf (prompt: string, fields: object = {}) {
  return { model: 'claude-sonnet-4-6', max_tokens: 1024, messages: [{ role: 'user' as const, content: prompt }], ...fields }
}

/** Asks without a socket. */
export async function ask (app: Simulator, body: object, headers: Record<string, string> = {}) {
  return app.inject({ method: 'POST', url: '/v1/messages', headers: { ...HEADERS, ...headers }, payload: body })
}

/** The events of a stream; throws on anything that a strict reader would not take. */
export function parseEvents (text: string): ServerEvent[] {
  const blocks = text.split('\n\n')
  if (blocks.pop() !== '') throw new Error(`the stream ends inside an event: ${text.slice(-80)}`)
  return blocks.map((block) => {
    const lines = /^event: (\S+)\ndata: (.+)$/.exec(block)
    if (lines === null) throw new Error(`no event: ${block}`)
    const data = JSON.parse(lines[2]!)
    if (data.type !== lines[1]) throw new Error(`event ${lines[1]} carries data of type ${data.type}`)
    return { event: lines[1]!, data }
  })
}

/** The text that a stream's text deltas make. */
export function textOf (events: ServerEvent[]): string {
  return events.map(({ data }) => data.delta?.type === 'text_delta' ? data.delta.text : '').join('')
}

/** How an exchange over a real socket went. */
export interface Outcome {
  status: number | undefined
  headers: IncomingMessage['headers']
  /** As they came out of the HTTP parser: one for each chunk. */
  chunks: Buffer[]
  text: string
  /** Whether the body ended as HTTP wants it. */
  complete: boolean
  /** Code of the error that broke it off. */
  error: string | undefined
}

/** Sends a request over a socket of its own. */
export function open (url: string, body: object | undefined, headers: Record<string, string> = {}, path = '/v1/messages'): ClientRequest {
  const outgoing = request(url + path, { method: body === undefined ? 'GET' : 'POST', agent: false, headers: { ...HEADERS, ...headers } })
  outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  return outgoing
}

/** Sends a request over a socket of its own and reads whatever comes, to the end. */
export async function exchange (url: string, body: object | undefined, headers: Record<string, string> = {}, path?: string): Promise<Outcome> {
  const outcome: Outcome = { status: undefined, headers: {}, chunks: [], text: '', complete: false, error: undefined }
  const outgoing = open(url, body, headers, path)
  const broken = (error: NodeJS.ErrnoException) => { outcome.error ??= error.code }
  outgoing.on('error', broken)
  outgoing.on('response', (response) => {
    outcome.status = response.statusCode
    outcome.headers = response.headers
    response.on('error', broken)
    response.on('data', (chunk: Buffer) => outcome.chunks.push(chunk))
    response.on('close', () => { outcome.complete = response.complete })
  })
  // Not events.once: that would take the error of a broken exchange for its own.
  await new Promise((resolve) => outgoing.once('close', resolve))
  outcome.text = Buffer.concat(outcome.chunks).toString()
  return outcome
}
