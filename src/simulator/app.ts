import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import { ApiError } from './api-error.ts'
import { admit, exchangeOf, keepExchanges } from './exchange.ts'
import { batchRoutes } from './batch-routes.ts'
import { createFaultChoice } from './fault-choice.ts'
import { fileRoutes } from './file-routes.ts'
import { RateLimits } from './headers.ts'
import { createIds } from './ids.ts'
import { Ledger, type SeenRequest } from './ledger.ts'
import { messagesRoutes } from './messages.ts'
import { modelRoutes } from './model-routes.ts'
import { skillRoutes } from './skill-routes.ts'
import { schemaComplaint } from './validate.ts'
import { claudeAi } from './web/app.ts'
import { WebControl } from './web/control.ts'

export type { SeenRequest }

export interface SimulatorOptions {
  /** Milliseconds between two events of a stream. Default 0: as fast as the client reads. */
  paceMs?: number
  /** As Fastify takes it. Default: none. */
  logger?: FastifyServerOptions['logger']
  /** Epoch milliseconds. */
  clock?: () => number
  /** Gives as many random bytes as it is asked for; ids are made of them. */
  random?: (size: number) => Uint8Array
  /** Called for each request under `/v1` and `/api` when its whole body is here. */
  onRequest?: (seen: SeenRequest) => void
}

export type Simulator = FastifyInstance & {
  /** What goes on at both; `web` shows and steers claude.ai. */
  simulator: Ledger & { web: WebControl }
}

/** Anthropic's limit for Messages. Source: Anthropic API errors page. */
const BODY_LIMIT = 32 * 1024 * 1024

/**
 * An offline Anthropic API: Messages with and without streaming, token counting, models, files, batches and skills, with faults on demand
 * (see `faults.ts`). It takes any key that is not empty.
 * Under `/api` it is an offline claude.ai as well, so that one address plays both (see `web/`).
 * It opens no port; `simulator` counts what happens.
 */
export function buildSimulator (options: SimulatorOptions = {}): Simulator {
  const { paceMs = 0, clock = Date.now, random, logger = false, onRequest } = options
  const app = fastify({
    logger,
    bodyLimit: BODY_LIMIT,
    // Silent faults never end by themselves; closing must not wait for them.
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    schemaErrorFormatter: schemaComplaint
  })
  const ledger = Object.assign(new Ledger(), { web: new WebControl() })
  if (onRequest !== undefined) ledger.on('request', onRequest)
  countConnections(app, ledger)
  keepExchanges(app, { ledger, paceMs, clock, ids: createIds(random), limits: new RateLimits(), chooseFault: createFaultChoice() })
  app.setErrorHandler(sendError)
  app.setNotFoundHandler(() => { throw new ApiError('not_found_error', 'Not found') })
  app.head('/', (_request, reply) => reply.send())
  app.register(api, { prefix: '/v1' })
  app.register(claudeAi, { prefix: '/api', web: ledger.web })
  return Object.assign(app, { simulator: ledger })
}

/** The routes that need a key. */
async function api (app: FastifyInstance): Promise<void> {
  // Whatever it calls itself, a body is read as JSON, and only after its bytes were seen.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.addHook('preValidation', admit)
  app.register(messagesRoutes)
  app.register(modelRoutes)
  app.register(fileRoutes)
  app.register(batchRoutes)
  app.register(skillRoutes)
}

function countConnections (app: FastifyInstance, ledger: Ledger): void {
  app.server.on('connection', (socket) => {
    ledger.connections++
    socket.once('close', () => { ledger.connections-- })
  })
}

function sendError (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toApiError(thrown)
  if (error !== thrown) request.log.error(thrown)
  reply.code(error.statusCode).headers(error.headers).send(error.toBody(exchangeOf(request).requestId))
}

function toApiError (thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  const tooLarge = (thrown as { code?: string } | null)?.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
  return tooLarge ? new ApiError('request_too_large', 'Request exceeds the maximum size') : new ApiError('api_error', 'Internal server error')
}
