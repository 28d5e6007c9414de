import { isObject } from './fields.ts'
import type { WireUsage } from './messages.ts'

/** The token counts of an answer, as the OpenAI protocol tells them. */
export class TokenCounts {
  #input = 0
  #written = 0
  #cached = 0
  #output = 0
  #thinking = 0

  /** Takes over what a wire object says. Counts are cumulative; what is missing or null keeps its value. */
  merge (wire: unknown): void {
    if (!isObject(wire)) return
    const usage: WireUsage = wire
    this.#input = usage.input_tokens ?? this.#input
    this.#written = usage.cache_creation_input_tokens ?? this.#written
    this.#cached = usage.cache_read_input_tokens ?? this.#cached
    this.#output = usage.output_tokens ?? this.#output
    this.#thinking = usage.output_tokens_details?.thinking_tokens ?? this.#thinking
  }

  /** `CompletionUsage`. The prompt is the whole of it, cached or not. Source: `openai` 7.57. */
  chat (): object {
    return {
      prompt_tokens: this.#prompt(),
      completion_tokens: this.#output,
      total_tokens: this.#prompt() + this.#output,
      prompt_tokens_details: { cached_tokens: this.#cached, cache_write_tokens: this.#written },
      completion_tokens_details: { reasoning_tokens: this.#thinking }
    }
  }

  /** `ResponseUsage`. Source: `openai` 7.57. */
  response (): object {
    return {
      input_tokens: this.#prompt(),
      input_tokens_details: { cached_tokens: this.#cached, cache_write_tokens: this.#written },
      output_tokens: this.#output,
      output_tokens_details: { reasoning_tokens: this.#thinking },
      total_tokens: this.#prompt() + this.#output
    }
  }

  #prompt (): number {
    return this.#input + this.#written + this.#cached
  }
}
