import type { IncomingHttpHeaders } from 'node:http'
import type { Answer } from './ask.ts'

/** The version in which the gateway itself asks. */
export const API_VERSION = '2023-06-01'
/** Every model, on one page. */
export const ALL_MODELS = '/v1/models?limit=1000'

/** How long what is known counts as fresh, and how soon after a failure the upstream is asked again, in milliseconds. */
const FRESH = 5 * 60_000
const PAUSE = 60_000

export interface ModelInfosDeps {
  /** The catalogue's question. */
  get: (path: string, headers: IncomingHttpHeaders) => Promise<Answer>
  /** Told why the upstream's list could not be read. */
  onFailure?: (reason: unknown) => void
  /** Epoch milliseconds. */
  clock?: () => number
}

/**
 * What the upstream says of its models, ready at hand: no request waits for it. Until the first answer has come, and where the upstream
 * cannot be asked, nothing is known, and a translation goes by its own table.
 */
export function createModelInfos ({ get, onFailure, clock = Date.now }: ModelInfosDeps) {
  let infos: ReadonlyMap<string, unknown> = new Map()
  let dueAt = -Infinity
  let running: Promise<void> | null = null

  async function read (): Promise<void> {
    dueAt = clock() + PAUSE
    try {
      const { status, body } = await get(ALL_MODELS, { 'anthropic-version': API_VERSION })
      if (status !== 200) return onFailure?.(`status ${status}`)
      infos = byId(JSON.parse(body.toString()))
      dueAt = clock() + FRESH
    } catch (error) {
      onFailure?.(error)
    }
  }

  /** Asks once, however many want it. Never rejects. */
  function refresh (): Promise<void> {
    running ??= read().finally(() => { running = null })
    return running
  }

  return {
    refresh,
    /** The model's object of the upstream's list, or `undefined`. */
    infoOf (model: string): unknown {
      if (clock() >= dueAt) refresh().catch(() => {})
      return infos.get(model)
    }
  }
}

function byId (list: unknown): Map<string, unknown> {
  const { data } = list as { data?: unknown }
  const models = Array.isArray(data) ? data as Array<{ id?: unknown } | null> : []
  return new Map(models.map((model) => [String(model?.id), model]))
}
