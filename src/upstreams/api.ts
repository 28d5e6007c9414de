import fp from 'fastify-plugin'
import type { Dispatcher } from 'undici'
import type { Config } from '../config.ts'
import type { KeyPool } from '../plugins/key-pool.ts'
import { createAsk } from './ask.ts'
import { Failover, type FailoverDeps } from './failover.ts'
import { upstreamHeaders } from './headers.ts'
import { LargeBody } from './large-body.ts'
import type { Flow, Sink } from './sink.ts'
import { RetryBudget } from './retry-budget.ts'
import { busy } from './upstream-errors.ts'
import { upstreamPool } from './upstream-pool.ts'
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
    options: ({ endpoint, path, query, headers }, { key }, body) => ({
      origin,
      path: `${prefix}${endpoint === 'content' ? path : PATHS[endpoint]}${query}`,
      method: endpoint === 'content' ? 'GET' : 'POST',
      headers: upstreamHeaders(headers, key, body instanceof LargeBody ? body.length : undefined),
      body: body as Dispatcher.DispatchOptions['body']
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

  const ask = createAsk({
    keyPool,
    dispatcher,
    origin,
    prefix,
    timeout: askTimeout,
    isFull: () => running >= maxConnections,
    onStart: () => { running++ },
    onDone: () => { running-- }
  })

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

export default fp<Config['claude']>(async (app, config) => {
  const dispatcher = upstreamPool(config.api_url, config)
  app.decorate('apiUpstream', createApiUpstream({
    keyPool: app.keyPool, url: config.api_url, dispatcher, maxConnections: config.max_connections, retryTimeouts: config.retry_timeouts
  }))
  // After the exchanges are over: what is still open here belongs to nobody.
  app.addHook('onClose', async () => dispatcher.destroy())
}, { name: 'ccproxy-api-upstream', fastify: '5.x', dependencies: ['ccproxy-key-pool'] })
