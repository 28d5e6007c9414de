import fp from 'fastify-plugin'
import type { IncomingHttpHeaders } from 'node:http'
import type { Answer } from './ask.ts'

declare module 'fastify' {
  interface FastifyInstance {
    modelCatalogue: ModelCatalogue
  }
}

export type ModelCatalogue = ReturnType<typeof createModelCatalogue>

export interface CatalogueAnswer extends Answer {
  /** Where the answer came from: asked just now, remembered, or remembered because the upstream fails. */
  cache: 'miss' | 'hit' | 'stale'
}

interface Entry {
  answer: Answer
  fetchedAt: number
}

/** How long a list of models counts as fresh, in milliseconds. */
const FRESH = 5 * 60_000
/** Answers remembered at the most: a client can vary the query at will. */
const LIMIT = 100

export interface CatalogueDeps {
  /** Asks the upstream. Rejects when it cannot be reached. */
  ask: (path: string, headers: IncomingHttpHeaders) => Promise<Answer>
  /** Epoch milliseconds. */
  clock?: () => number
}

/**
 * The models that the upstream offers, remembered: clients ask for them at every start, with a few seconds' patience.
 * Equal questions asked at the same time share one answer. While the upstream fails, what was known last is told.
 */
export function createModelCatalogue ({ ask, clock = Date.now }: CatalogueDeps) {
  const entries = new Map<string, Entry>()
  const pending = new Map<string, Promise<CatalogueAnswer>>()

  function remember (key: string, answer: Answer): void {
    entries.delete(key)
    entries.set(key, { answer, fetchedAt: clock() })
    if (entries.size > LIMIT) entries.delete(entries.keys().next().value!)
  }

  async function refresh (key: string, path: string, headers: IncomingHttpHeaders): Promise<CatalogueAnswer> {
    const known = entries.get(key)?.answer
    try {
      const answer = await ask(path, headers)
      if (answer.status === 200) remember(key, answer)
      // What the upstream says of the question itself (404, 400) is an answer; the rest is its own trouble.
      const trouble = answer.status >= 500 || [401, 403, 429].includes(answer.status)
      return trouble && known !== undefined ? { ...known, cache: 'stale' } : { ...answer, cache: 'miss' }
    } catch (error) {
      if (known === undefined) throw error
      return { ...known, cache: 'stale' }
    }
  }

  return {
    /**
     * @param path path and query, as the upstream takes them
     * @param headers the client's; version and beta headers may change the answer's shape and are part of the question
     */
    async get (path: string, headers: IncomingHttpHeaders): Promise<CatalogueAnswer> {
      const key = JSON.stringify([path, headers['anthropic-version'], headers['anthropic-beta']])
      const entry = entries.get(key)
      if (entry !== undefined && clock() - entry.fetchedAt < FRESH) return { ...entry.answer, cache: 'hit' }
      let asked = pending.get(key)
      if (asked === undefined) {
        asked = refresh(key, path, headers).finally(() => pending.delete(key))
        pending.set(key, asked)
      }
      return asked
    }
  }
}

export default fp(async (app) => {
  app.decorate('modelCatalogue', createModelCatalogue({ ask: (path, headers) => app.apiUpstream.ask({ path, headers }) }))
}, { name: 'ccproxy-model-catalogue', fastify: '5.x', dependencies: ['ccproxy-api-upstream'] })
