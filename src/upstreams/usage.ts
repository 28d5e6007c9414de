/** Token counts of one answer, as they are billed; `null` while nothing is known. */
export interface Usage {
  /** Prompt tokens that were neither read from nor written to the cache. */
  inputTokens: number | null
  outputTokens: number | null
  cacheReadTokens: number | null
  cacheCreationTokens: number | null
}

/** Anthropic's usage object, as far as it is read here. */
interface WireUsage {
  input_tokens?: number | null
  output_tokens?: number | null
  cache_read_input_tokens?: number | null
  cache_creation_input_tokens?: number | null
}

export function emptyUsage (): Usage {
  return { inputTokens: null, outputTokens: null, cacheReadTokens: null, cacheCreationTokens: null }
}

/**
 * Takes over what a wire object says. The counts of `message_delta` are cumulative and replace those of `message_start`;
 * a field that is absent or null keeps what was known. Source: Anthropic streaming documentation.
 */
export function mergeUsage (usage: Usage, wire: unknown): void {
  if (typeof wire !== 'object' || wire === null) return
  const counts = wire as WireUsage
  usage.inputTokens = counts.input_tokens ?? usage.inputTokens
  usage.outputTokens = counts.output_tokens ?? usage.outputTokens
  usage.cacheReadTokens = counts.cache_read_input_tokens ?? usage.cacheReadTokens
  usage.cacheCreationTokens = counts.cache_creation_input_tokens ?? usage.cacheCreationTokens
}
