import { randomBytes } from 'node:crypto'
import fastify, { LogController, type FastifyHttpOptions, type FastifyInstance, type RawServerDefault, type RouteOptions } from 'fastify'
import type { Config } from './config.ts'
import adminGuard from './plugins/admin-guard.ts'
import auth from './plugins/auth.ts'
import bodyDeadline from './plugins/body-deadline.ts'
import { refuseBrokenRequest } from './plugins/broken-request.ts'
import database from './plugins/database/index.ts'
import drain from './plugins/drain.ts'
import encryption from './plugins/encryption.ts'
import { protocolOf, refuseBadUrl, tellErrors, useEnvelope, wantsAnthropic } from './plugins/envelope.ts'
import exchanges from './plugins/exchanges.ts'
import guessLimits from './plugins/guess-limits.ts'
import keyPool from './plugins/key-pool.ts'
import keyStore from './plugins/key-store.ts'
import mode from './plugins/mode.ts'
import openai from './plugins/openai.ts'
import openapiDocument from './plugins/openapi-document.ts'
import requestLog from './plugins/request-log.ts'
import resourceStore from './plugins/resource-store.ts'
import sessionPool from './plugins/session-pool.ts'
import sessionStore from './plugins/session-store.ts'
import tokenStore from './plugins/token-store.ts'
import { lateCompilers } from './late-compilers.ts'
import { makeLoggersLazily } from './request-logger.ts'
import { batchRoutes } from './routes/batches.ts'
import { chatCompletionRoutes } from './routes/chat-completions.ts'
import { fileRoutes } from './routes/files.ts'
import { keyRoutes } from './routes/keys.ts'
import { messagesRoutes } from './routes/messages.ts'
import { modelRoutes } from './routes/models.ts'
import { refusedRoutes } from './routes/refused.ts'
import type { RelayOptions } from './routes/relay.ts'
import { responsesRoutes } from './routes/responses.ts'
import { serviceRoutes } from './routes/service.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { skillRoutes } from './routes/skills.ts'
import { tokenInfoRoutes } from './routes/token-info.ts'
import { adminTokenRoutes } from './routes/tokens.ts'
import apiUpstream from './upstreams/api.ts'
import modelCatalogue from './upstreams/model-catalogue.ts'
import webUpstream from './upstreams/web.ts'

export interface BuildOptions {
  /** Where log lines go; standard output when left out. */
  logStream?: { write (line: string): void }
  /** Shown by `GET /`. */
  version?: string
  /** Where the API keys of the configuration come from; the environment when left out. */
  keySource?: 'env' | 'file'
  /** Told of every route as it is registered. */
  onRoute?: (route: RouteOptions) => void
}

/**
 * The gateway, ready to listen. Opens no port and reads no environment, so that a test can mount it.
 * Reading this function is reading the architecture: what a request relies on, in order, then who answers it.
 */
export async function buildApp (config: Config, { logStream, version = '0.0.0', keySource, onRoute }: BuildOptions = {}): Promise<FastifyInstance> {
  const app = fastify(serverOptions(config, logStream))
  makeLoggersLazily(app.log)
  if (onRoute !== undefined) app.addHook('onRoute', onRoute)
  useEnvelope(app, 'anthropic')

  // What the routes say of themselves: it has to be there before them.
  await app.register(openapiDocument, { version, publicUrl: config.server.public_url })

  // What every request can rely on.
  await app.register(requestLog)
  await app.register(exchanges)
  await app.register(bodyDeadline)
  await app.register(drain, { timeout: config.server.drain_timeout })

  // State.
  await app.register(database, { path: config.storage.db_path })
  await app.register(encryption, {
    encryptionKey: config.storage.encryption_key, oldEncryptionKeys: config.storage.old_encryption_keys, jwtSecret: config.jwt.secret
  })
  await app.register(tokenStore)
  await app.register(keyPool, { keys: config.claude.api_keys, source: keySource, strategy: config.claude.key_strategy })
  await app.register(keyStore)
  await app.register(sessionStore)
  await app.register(sessionPool, { affinity: config.claude.key_strategy === 'affinity' })
  await app.register(resourceStore)

  // Who may ask, and in which mode.
  await app.register(guessLimits)
  await app.register(auth, config.jwt)
  await app.register(adminGuard, config.admin)
  await app.register(mode, { server: config.server.mode })

  // The ways to Claude.
  await app.register(apiUpstream, config.claude)
  await app.register(modelCatalogue)
  await app.register(webUpstream, { config: config.claude, version })

  // Who answers. A hook protects exactly the routes registered beside it.
  await app.register(serviceRoutes, { version, mode: config.server.mode })
  await app.register(adminScope, { prefix: '/api', config })
  await app.register(tokenScope, { prefix: '/api/token' })
  await app.register(protocolScope, { prefix: '/v1', config })
  return app
}

/** The operator's side: the admin key opens it. */
async function adminScope (scope: FastifyInstance, { config }: { config: Config }): Promise<void> {
  useEnvelope(scope, 'admin')
  scope.addHook('onRequest', scope.requireAdmin)
  await scope.register(adminTokenRoutes, { defaultExpiry: config.jwt.default_expiry })
  await scope.register(keyRoutes)
  await scope.register(sessionRoutes)
}

/** What a token's holder may know of it. */
async function tokenScope (scope: FastifyInstance): Promise<void> {
  useEnvelope(scope, 'admin')
  scope.addHook('onRequest', scope.authenticate)
  await scope.register(tokenInfoRoutes)
}

/** Where clients ask Claude, in either protocol. */
async function protocolScope (scope: FastifyInstance, { config }: { config: Config }): Promise<void> {
  useEnvelope(scope, protocolOf)
  scope.addHook('onRequest', scope.authenticate)
  scope.addHook('onRequest', scope.chooseMode)
  await scope.register(anthropicScope, { config })
  await scope.register(openaiScope, { config })
  await scope.register(modelScope, config.models)
}

/** The Anthropic protocol. */
async function anthropicScope (scope: FastifyInstance, { config }: { config: Config }): Promise<void> {
  tellErrors(scope, 'anthropic')
  const options = relayOptions(config)
  await scope.register(messagesRoutes, options)
  await scope.register(resourceScope, { config })
  await scope.register(refusedRoutes)
}

/** What lives with the API, and has nothing that corresponds to it on claude.ai. */
async function resourceScope (scope: FastifyInstance, { config }: { config: Config }): Promise<void> {
  scope.addHook('onRequest', scope.requireApiMode)
  const options = relayOptions(config)
  await scope.register(batchRoutes, { ...options, publicUrl: config.server.public_url })
  await scope.register(fileRoutes, options)
  await scope.register(skillRoutes, options)
}

/** The OpenAI protocol, translated into Messages and back. */
async function openaiScope (scope: FastifyInstance, { config }: { config: Config }): Promise<void> {
  await scope.register(openai, { config })
  await scope.register(chatCompletionRoutes, relayOptions(config))
  await scope.register(responsesRoutes, relayOptions(config))
}

/** The models, for clients of both protocols. */
async function modelScope (scope: FastifyInstance, options: Config['models']): Promise<void> {
  tellErrors(scope, (request) => wantsAnthropic(request) ? 'anthropic' : 'openai')
  await scope.register(modelRoutes, options)
}

function relayOptions (config: Config): RelayOptions {
  return {
    stallTimeout: config.server.stall_timeout,
    pingInterval: config.server.ping_interval,
    affinity: config.claude.key_strategy === 'affinity'
  }
}

function serverOptions (config: Config, stream: BuildOptions['logStream']): FastifyHttpOptions<RawServerDefault> {
  return {
    logger: { level: config.log.level, stream, base: null },
    // One line per request is written by the request log.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIds(),
    trustProxy: config.server.trust_proxy.length > 0 ? config.server.trust_proxy : false,
    // Time to receive a request, long enough for the largest file; Fastify's default is none. It does not limit the answer. See body-deadline.ts.
    requestTimeout: 3_600_000,
    // Whoever closes has drained: what is open then would keep the process for ever.
    forceCloseConnections: true,
    keepAliveTimeout: 75_000,
    http: { headersTimeout: 15_000, connectionsCheckingInterval: 5_000, maxHeaderSize: 16_384 },
    bodyLimit: 64 * 1024,
    schemaController: lateCompilers(),
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: false, verbose: true } },
    frameworkErrors: refuseBadUrl,
    clientErrorHandler: refuseBrokenRequest
  }
}

/** Ids that no other start of the gateway gives: a random part for the process, and a count. */
function requestIds (): () => string {
  const prefix = `req_${randomBytes(9).toString('hex')}`
  let count = 0
  return () => `${prefix}${(++count).toString(36).padStart(6, '0')}`
}
