import type { IncomingHttpHeaders } from 'node:http'
import fp from 'fastify-plugin'
import { Pool, type Dispatcher } from 'undici'
import type { Config } from '../config.ts'
import { GatewayError } from '../errors.ts'
import type { KeyPool, Lease } from '../plugins/key-pool.ts'
import { Failover, type FailoverDeps } from './failover.ts'
import { faultOf } from './faults.ts'
import { forwardedRequestHeaders } from './headers.ts'
import type { Answer } from './model-catalogue.ts'
import type { Flow, Sink } from './sink.ts'
import { RetryBudget } from './retry-budget.ts'
import { busy, connectionFault, notOurs } from './upstream-errors.ts'
import type { Upstream, UpstreamRequest } from './upstream.ts'

declare module 'fastify' {
  interface FastifyInstance {
    apiUpstream: ApiUpstream
  }
}

/** Paths of the Anthropic API; a client's own path never becomes part of an upstream address. */
const PATHS = { messages: '/v1/messages', count_tokens: '/v1/messages/count_tokens' } as const

/** How long a small resource may take: a client that asks for models has a few seconds' patience. */
const ASK_TIMEOUT = 10_000
/** The largest small resource, in bytes. */
const ASK_LIMIT = 4 * 1024 * 1024

/** A flow that never was, for requests refused before anything was sent. */
const NO_FLOW: Flow = { resume () {}, abort () {} }

export type ApiUpstream = ReturnType<typeof createApiUpstream>

export interface ApiUpstreamDeps {
  keyPool: KeyPool
  /** Origin and optional path prefix of the API. */
  url: string
  dispatcher: Dispatcher
  /** Requests that may run at once; one more is told to come back. */
  maxConnections: number
  /** How long a small resource may take in all, in milliseconds. */
  askTimeout?: number
  /** Whether a request that was not answered in time is sent again, although it may be billed twice; not by default. */
  retryTimeouts?: boolean
  /** Uniform in [0, 1). */
  random?: () => number
}

/** The way to the Anthropic API with a pool of keys. */
export function createApiUpstream (deps: ApiUpstreamDeps) {
  const { keyPool, url, dispatcher, maxConnections, askTimeout = ASK_TIMEOUT, retryTimeouts = false, random = Math.random } = deps
  const { origin, pathname } = new URL(url)
  const prefix = pathname === '/' ? '' : pathname.replace(/\/$/, '')
  let running = 0

  const failover: FailoverDeps = {
    keyPool,
    dispatcher,
    budget: new RetryBudget(),
    retryTimeouts,
    random,
    onStart: () => { running++ },
    onDone: () => { running-- },
    options: ({ endpoint, query, headers, body }, lease) => ({
      origin, path: `${prefix}${PATHS[endpoint]}${query}`, method: 'POST', headers: upstreamHeaders(headers, lease), body
    })
  }

  function send (request: UpstreamRequest, sink: Sink): Flow {
    if (running >= maxConnections) {
      sink.fail(busy())
      return NO_FLOW
    }
    const flow = new Failover(request, sink, failover)
    flow.begin()
    return flow
  }

  /**
   * Asks for a small resource and waits for the whole answer.
   * @param path path and query, built by the caller from constants and checked values
   * @throws GatewayError when no key can be lent or the upstream cannot be reached
   */
  async function ask (path: string, headers: IncomingHttpHeaders): Promise<Answer> {
    const tried = new Set<string>()
    let answer = await askOnce(path, headers, tried)
    while (answer.another && tried.size < 3) {
      try {
        answer = await askOnce(path, headers, tried)
      } catch {
        break
      }
    }
    return answer
  }

  /** @returns the answer, and whether another key may do better */
  async function askOnce (path: string, headers: IncomingHttpHeaders, tried: Set<string>): Promise<Answer & { another: boolean }> {
    if (running >= maxConnections) throw busy()
    const lease = keyPool.acquire({ model: '', tried })
    tried.add(lease.keyId)
    running++
    try {
      const { statusCode: status, headers: got, body } = await dispatcher.request({
        origin,
        path: prefix + path,
        method: 'GET',
        headers: upstreamHeaders(headers, lease),
        signal: AbortSignal.timeout(askTimeout)
      })
      const answer = { status, headers: got, body: await wholeBody(body) }
      const fault = faultOf({ endpoint: 'models', status, headers: got, bytes: answer.body }, Date.now())
      lease.settle(fault === null ? { kind: 'ok' } : { kind: 'fault', fault })
      const foreign = notOurs(answer)
      if (foreign !== null) throw foreign
      return { ...answer, another: fault?.row.kind === 'credential' || fault?.row.kind === 'quota' }
    } catch (error) {
      const fault = error instanceof GatewayError ? error : connectionFault(error as Error, false)
      lease.settle({ kind: 'none', reason: fault.message })
      throw fault
    } finally {
      running--
    }
  }

  const upstream: Upstream = { send }
  return {
    ...upstream,
    ask,
    /** Whether one more request may come: asked before its body is read. */
    get full (): boolean {
      return running >= maxConnections
    },
    /** Requests running now. */
    get running (): number {
      return running
    }
  }
}

/** A small resource's body. @throws GatewayError when it is not small */
async function wholeBody (body: Dispatcher.ResponseData['body']): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > ASK_LIMIT) {
      throw new GatewayError('api_error', 'The upstream\'s answer is larger than such an answer can be.', { status: 502, code: 'upstream_too_large' })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function upstreamHeaders (headers: IncomingHttpHeaders, lease: Lease): Record<string, string> {
  const forwarded = forwardedRequestHeaders(headers)
  // Plain bytes, so that usage can be read and pings and errors can be put between events.
  forwarded['accept-encoding'] = 'identity'
  forwarded['x-api-key'] = lease.key
  return forwarded
}

export default fp<Config['claude']>(async (app, config) => {
  const dispatcher = new Pool(new URL(config.api_url).origin, {
    connections: config.max_connections,
    // One answer a connection: a slow stream would block whatever is behind it.
    pipelining: 1,
    allowH2: false,
    // Said outright: NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment must not open it.
    connect: { timeout: config.connect_timeout, rejectUnauthorized: true },
    headersTimeout: config.headers_timeout,
    bodyTimeout: config.idle_timeout
  })
  app.decorate('apiUpstream', createApiUpstream({
    keyPool: app.keyPool, url: config.api_url, dispatcher, maxConnections: config.max_connections, retryTimeouts: config.retry_timeouts
  }))
  // After the exchanges are over: what is still open here belongs to nobody.
  app.addHook('onClose', async () => dispatcher.destroy())
}, { name: 'ccproxy-api-upstream', fastify: '5.x', dependencies: ['ccproxy-key-pool'] })
