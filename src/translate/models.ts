import type { Effort } from './messages.ts'
import { isObject } from './fields.ts'

/** What a translation has to know of a model. */
export interface ModelTraits {
  /** Whether `temperature` and `top_p` are accepted. */
  sampling: boolean
  /** Whether `tool_choice` may be `any` or `tool`. */
  forcedTools: boolean
  /** How thinking is asked for: the model decides how much, or a budget in tokens. */
  thinking: 'adaptive' | 'budget'
  /**
   * What comes nearest to no thinking: `disabled`; `low_effort`: `disabled`, at an effort of at most `high`; `between_tools`;
   * `never`: only a low effort is left.
   */
  thinkingOff: 'disabled' | 'between_tools' | 'never' | 'low_effort'
  /** Efforts that the model knows, in rising order; empty for a model without. */
  efforts: readonly Effort[]
  /** The most tokens that an answer can have. */
  maxTokens: number
  /** Whether `output_config.format` and `strict` tools are accepted. */
  structuredOutputs: boolean
  /** Whether a `system` message may stand in the middle of a conversation. */
  systemMessages: boolean
}

const EFFORTS: readonly Effort[] = ['low', 'medium', 'high', 'xhigh', 'max']

const NEWEST: ModelTraits = {
  sampling: false,
  forcedTools: false,
  thinking: 'adaptive',
  thinkingOff: 'never',
  efforts: EFFORTS,
  maxTokens: 128_000,
  structuredOutputs: true,
  systemMessages: true
}
const OPUS_5: ModelTraits = { ...NEWEST, forcedTools: true, thinkingOff: 'low_effort', systemMessages: false }
const FOUR_6: ModelTraits = {
  ...OPUS_5, sampling: true, thinkingOff: 'disabled', efforts: ['low', 'medium', 'high', 'max']
}
const FOUR_5: ModelTraits = { ...FOUR_6, thinking: 'budget', efforts: [], maxTokens: 64_000 }

/**
 * By family and version; the first prefix that fits counts, so the longer stand before the shorter. Sources, all of 2026-11-20:
 * - sampling, forcedTools, thinking: the model rules of `@ai-sdk/anthropic` 4.0.105, and the docs' "What's new" pages of the 5.5 models;
 * - thinkingOff: the model catalog in Claude Code 2.1.330; it contradicts the first source on Haiku 5.5, and the stricter of the two stands here;
 * - maxTokens: the models overview in the docs;
 * - efforts, structuredOutputs: from memory of the docs pages "Effort" and "Structured outputs", not verified;
 * - systemMessages: sent by Claude Code 2.1.330 to models of the 5.5 generation; nothing is known of the older ones.
 * What `GET /v1/models` of the upstream says of a model wins.
 */
const TABLE: ReadonlyArray<readonly [prefix: string, traits: ModelTraits]> = [
  ['claude-fable-5-', NEWEST],
  ['claude-mythos-5-', NEWEST],
  ['claude-fable-5', { ...NEWEST, forcedTools: true, systemMessages: false }],
  ['claude-mythos-5', { ...NEWEST, forcedTools: true, systemMessages: false }],
  ['claude-opus-5-5', NEWEST],
  ['claude-opus-5', OPUS_5],
  ['claude-opus-4-8', { ...OPUS_5, thinkingOff: 'disabled' }],
  ['claude-opus-4-7', { ...OPUS_5, thinkingOff: 'disabled' }],
  ['claude-opus-4-6', FOUR_6],
  ['claude-opus-4-5', { ...FOUR_5, efforts: ['low', 'medium', 'high'] }],
  ['claude-opus-4', { ...FOUR_5, maxTokens: 32_000, structuredOutputs: false }],
  ['claude-sonnet-5-5', { ...NEWEST, thinkingOff: 'between_tools' }],
  ['claude-sonnet-5', { ...OPUS_5, thinkingOff: 'disabled' }],
  ['claude-sonnet-4-6', FOUR_6],
  ['claude-sonnet-4-5', FOUR_5],
  ['claude-sonnet-4', { ...FOUR_5, structuredOutputs: false }],
  ['claude-haiku-5-5', { ...NEWEST, forcedTools: true }],
  ['claude-haiku-4-5', FOUR_5]
]

/**
 * What is known of a model. One that the table does not know is taken for one of the newest, which accept the least.
 * @param info the model's object of the upstream's `GET /v1/models`, where there is one: its limits and capabilities win over the table
 */
export function traitsOf (model: string, info?: unknown): ModelTraits {
  const known = TABLE.find(([prefix]) => model.startsWith(prefix))?.[1] ?? NEWEST
  if (!isObject(info)) return known
  const traits = { ...known }
  const max = info['max_tokens']
  if (typeof max === 'number' && Number.isSafeInteger(max) && max > 0) traits.maxTokens = max
  if (isObject(info['capabilities'])) applyCapabilities(traits, info['capabilities'])
  return traits
}

/** Source: `ModelCapabilities` of `@anthropic-ai/sdk` 1.12. */
function applyCapabilities (traits: ModelTraits, capabilities: Record<string, unknown>): void {
  traits.structuredOutputs = supports(capabilities['structured_outputs']) ?? traits.structuredOutputs
  const effort = capabilities['effort']
  if (isObject(effort) && typeof effort['supported'] === 'boolean') {
    traits.efforts = effort['supported'] ? EFFORTS.filter((name) => supports(effort[name]) === true) : []
  }
  const types = isObject(capabilities['thinking']) ? capabilities['thinking']['types'] : undefined
  if (!isObject(types)) return
  const adaptive = supports(types['adaptive'])
  if (adaptive !== undefined) traits.thinking = adaptive ? 'adaptive' : 'budget'
  const disabled = supports(types['disabled'])
  if (disabled === true && traits.thinkingOff !== 'low_effort') traits.thinkingOff = 'disabled'
  if (disabled === false) traits.thinkingOff = supports(types['between_tools']) === true ? 'between_tools' : 'never'
}

function supports (capability: unknown): boolean | undefined {
  return isObject(capability) && typeof capability['supported'] === 'boolean' ? capability['supported'] : undefined
}

/** The Claude model that a client's name for it stands for. */
export function resolveAlias (model: string, aliases: Record<string, string>): string {
  return Object.hasOwn(aliases, model) ? aliases[model] ?? model : model
}
