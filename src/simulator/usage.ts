import { createHash } from 'node:crypto'
import type { CacheControl, CountRequest, InputUsage } from './types.ts'

/** Prefixes that are remembered at most; the oldest goes first. */
const MOST_PREFIXES = 10_000

/** Four bytes a token: near enough to be plausible, and anyone can check it. */
export const tokensOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / 4))

/**
 * A prompt cache in little: it remembers the tools and system texts that came with a `cache_control` anywhere in the request.
 * The first such request writes them to the cache, later ones read them.
 */
export class PromptCache {
  readonly #seen = new Set<string>()

  /**
   * Bills the prompt of a request.
   * @param bytes size of the request's body
   * @param owner whose cache it is: caches are not shared between organisations
   */
  bill (request: CountRequest, bytes: number, owner: string): InputUsage {
    const total = tokensOf(bytes)
    const control = cacheControl(request)
    if (control === undefined) return usage(total)
    const prefix = JSON.stringify([request.tools, request.system])
    const cached = Math.min(total, tokensOf(Buffer.byteLength(prefix)))
    const known = this.#remember(createHash('sha256').update(`${owner}\n${request.model}\n${prefix}`).digest('base64'))
    return usage(total - cached, known ? 0 : cached, known ? cached : 0, control.ttl)
  }

  #remember (key: string): boolean {
    const known = this.#seen.has(key)
    if (this.#seen.size >= MOST_PREFIXES && !known) this.#seen.delete(this.#seen.values().next().value!)
    this.#seen.add(key)
    return known
  }
}

function usage (input: number, created = 0, read = 0, ttl: CacheControl['ttl'] = '5m'): InputUsage {
  return {
    input_tokens: input,
    cache_creation_input_tokens: created,
    cache_read_input_tokens: read,
    cache_creation: { ephemeral_5m_input_tokens: ttl === '5m' ? created : 0, ephemeral_1h_input_tokens: ttl === '1h' ? created : 0 }
  }
}

function cacheControl ({ cache_control: own, system, tools = [], messages }: CountRequest): CacheControl | undefined {
  const blocks = [system ?? '', ...messages.map(({ content }) => content)].flatMap((content) => typeof content === 'string' ? [] : content)
  return own ?? [...tools, ...blocks].find((item) => item.cache_control)?.cache_control ?? undefined
}
