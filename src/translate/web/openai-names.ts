/** What clients of the OpenAI protocol call parameters of Messages that go by another name there. */
const THEIR_NAMES: Record<string, readonly string[]> = {
  max_tokens: ['max_completion_tokens', 'max_tokens', 'max_output_tokens'],
  metadata: ['user', 'safety_identifier']
}

/**
 * The parameters of a translated request that had no effect, as its client named them. What only the translation has put there is left out.
 * @param names in Messages
 * @param sent what the client's body holds
 */
export function namesInOpenai (names: readonly string[], sent: ReadonlySet<string>): string[] {
  return names.flatMap((name) => THEIR_NAMES[name] ?? [name]).filter((name) => sent.has(name))
}

/** A parameter of a translated request that was refused, as its client named it. @param sent what the client's body holds */
export function refusedInOpenai (name: string, sent: ReadonlySet<string>): string {
  if (name === 'output_config.format') return sent.has('response_format') ? 'response_format' : 'text.format'
  if (name === 'tools' && !sent.has('tools') && sent.has('functions')) return 'functions'
  return name
}
