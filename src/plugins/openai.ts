import { createHmac } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import type { TranslationOptions } from '../translate/chat-request.ts'
import { createModelInfos } from '../upstreams/model-infos.ts'
import { tellErrors } from './envelope.ts'
import { keepBodyBytes } from './native-body.ts'

declare module 'fastify' {
  interface FastifyInstance {
    openai: Openai
  }
}

export type Openai = ReturnType<typeof createOpenai>

export interface OpenaiDeps {
  aliases: Record<string, string>
  autoCache: boolean
  /** What users' names are hashed with. */
  secret: string
  /** What the upstream says of a model; `undefined` where nothing is known. */
  infoOf: (model: string) => unknown
  /** Epoch milliseconds. */
  clock?: () => number
}

/** What the routes of the OpenAI protocol share: what a translation has to know. */
export function createOpenai ({ aliases, autoCache, secret, infoOf, clock = Date.now }: OpenaiDeps) {
  const salt = createHmac('sha256', secret).update('ccproxy end users').digest('base64url')

  return {
    /** Epoch seconds: what answers call `created`. */
    now: (): number => Math.floor(clock() / 1_000),

    /** What translating a request has to know. What the API says of a model, and its caches, are nothing to claude.ai. */
    optionsFor ({ clientToken, record: { mode } }: Pick<FastifyRequest, 'clientToken' | 'record'>): TranslationOptions {
      const ofApi = mode === 'web' ? { autoCache: false, infoOf: unknown } : { autoCache, infoOf }
      return { aliases, ...ofApi, userSalt: `${salt}\0${clientToken.id}` }
    }
  }
}

function unknown (): undefined {}

/** Makes a scope speak the OpenAI protocol: its envelope, its bodies, and `scope.openai` for its routes. */
export default fp<{ config: Config }>(async (scope, { config }) => {
  tellErrors(scope, 'openai')
  keepBodyBytes(scope)
  scope.addHook('onRequest', scope.refuseWhenFull)
  const infos = createModelInfos({
    get: (path, headers) => scope.modelCatalogue.get(path, headers),
    onFailure: (reason) => scope.log.warn({ err: reason }, 'the upstream\'s list of models could not be read; the built-in table stands in for it')
  })
  scope.decorate('openai', createOpenai({
    aliases: config.models.aliases, autoCache: config.openai.prompt_caching, secret: config.jwt.secret, infoOf: infos.infoOf
  }))
}, { name: 'ccproxy-openai', fastify: '5.x', dependencies: ['ccproxy-auth', 'ccproxy-mode', 'ccproxy-api-upstream', 'ccproxy-model-catalogue'] })
