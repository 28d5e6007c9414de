import type { Effort, MessagesRequest, Thinking } from './messages.ts'
import type { ModelTraits } from './models.ts'
import { asObject, asOneOf, invalid, optionalCount } from './fields.ts'

/** Every effort that OpenAI's clients ask for. */
export const WANTED_EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
export type WantedEffort = typeof WANTED_EFFORTS[number]

/** Tokens of thinking for models that know no effort. */
const BUDGETS: Record<Exclude<WantedEffort, 'none'>, number> = { minimal: 1_024, low: 1_024, medium: 4_096, high: 12_000, xhigh: 24_000, max: 24_000 }
const LEAST_BUDGET = 1_024

export interface Reasoning { thinking?: Thinking, effort?: Effort }

/** What decides about thinking beside the wish. */
export interface ReasoningLimits {
  /** The `max_tokens` of the request: thinking counts against it. */
  maxTokens: number
  /** The request forces a tool: where thinking can be left out, it has to be. */
  forced: boolean
  /** The conversation goes on after a tool call whose thinking is not there: models with a budget then refuse to think. */
  resumes: boolean
}

export function wantedEffort (value: unknown, path: string): WantedEffort | undefined {
  return value === undefined || value === null ? undefined : asOneOf(value, WANTED_EFFORTS, path)
}

/** What an effort means to a model. The thinking is asked for as a summary: without, it comes back empty. */
export function reasoningFor (wanted: WantedEffort | undefined, traits: ModelTraits, limits: ReasoningLimits): Reasoning {
  if (wanted === 'none') return withoutThinking(traits)
  if (traits.thinking === 'budget') return withBudget(wanted, traits, limits)
  const effort = wanted === undefined ? undefined : nearest(wanted, traits.efforts)
  const optional = traits.thinkingOff === 'disabled' || traits.thinkingOff === 'low_effort'
  // Models that always think put the text between tool calls into their thinking: without a summary it would be lost.
  const thinks = wanted === undefined ? !optional : !(optional && limits.forced)
  return { effort, ...(thinks ? { thinking: { type: 'adaptive', display: 'summarized' } } : {}) }
}

/** Anthropic's own `thinking`, sent through an OpenAI client: checked and passed on. */
export function ownThinking (value: unknown, path: string): Thinking {
  const fields = asObject(value, path)
  const type = asOneOf(fields['type'], ['adaptive', 'enabled', 'disabled', 'between_tools'], `${path}.type`)
  if (type === 'disabled' || type === 'between_tools') return { type }
  const wanted = fields['display'] ?? 'summarized'
  const display = asOneOf(wanted, ['summarized', 'omitted'], `${path}.display`)
  if (type === 'adaptive') return { type, display }
  const budget = optionalCount(fields['budget_tokens'], `${path}.budget_tokens`)
  if (budget === undefined) throw invalid(`${path}.budget_tokens`, 'is required', `Send at least ${LEAST_BUDGET}.`)
  return { type, budget_tokens: budget, display }
}

/** Whether the request lets the model think; sampling parameters are refused together with that. */
export function thinks (request: Pick<MessagesRequest, 'thinking'>): boolean {
  return request.thinking?.type === 'adaptive' || request.thinking?.type === 'enabled'
}

function withoutThinking (traits: ModelTraits): Reasoning {
  switch (traits.thinkingOff) {
    case 'disabled': return traits.thinking === 'budget' ? {} : { thinking: { type: 'disabled' } }
    case 'low_effort': return { thinking: { type: 'disabled' }, effort: nearest('high', traits.efforts) }
    case 'between_tools': return { thinking: { type: 'between_tools' } }
    case 'never': return { thinking: { type: 'adaptive', display: 'summarized' }, effort: nearest('low', traits.efforts) }
  }
}

function withBudget (wanted: Exclude<WantedEffort, 'none'> | undefined, traits: ModelTraits, limits: ReasoningLimits): Reasoning {
  if (wanted === undefined) return {}
  // A fifth stays for the answer itself.
  const budget = Math.min(BUDGETS[wanted], Math.floor(limits.maxTokens * 0.8))
  const effort = nearest(wanted, traits.efforts)
  if (budget < LEAST_BUDGET || limits.forced || limits.resumes) return { effort }
  return { effort, thinking: { type: 'enabled', budget_tokens: budget } }
}

/** The effort itself, or the next lower one that the model knows. */
function nearest (wanted: Exclude<WantedEffort, 'none'>, efforts: readonly Effort[]): Effort | undefined {
  const known = efforts.filter((effort) => WANTED_EFFORTS.indexOf(effort) <= WANTED_EFFORTS.indexOf(wanted))
  return known.at(-1) ?? efforts[0]
}
