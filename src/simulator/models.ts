import { ApiError } from './api-error.ts'

/** A row of the catalogue: what the simulator must know of a model to answer as it would. */
export interface Model {
  id: string
  /** Undated name of a dated id. */
  alias?: string
  display_name: string
  line: 'fable' | 'haiku' | 'opus' | 'sonnet'
  /** RFC 3339 date. */
  released: string
  /** Tokens of context and of output. */
  context: number
  output: number
  /** The `thinking.type` values that it accepts. */
  thinking: ReadonlyArray<'adaptive' | 'enabled'>
  /** Whether `tool_choice` may be `any` or `tool`. */
  forcedTools: boolean
  /** Whether thinking comes without its text unless `thinking.display` asks for it. */
  hidesThinking: boolean
  /** Dates, where its end is announced. */
  ends?: { announced: string, retires: string }
}

const M = 1_000_000
const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max']
const MODERN = { context: M, output: 128_000, thinking: ['adaptive'], forcedTools: true, hidesThinking: false } as const
const MODERN_UNFORCED = { ...MODERN, forcedTools: false, hidesThinking: true } as const
const BOTH = { context: 200_000, output: 128_000, thinking: ['adaptive', 'enabled'], forcedTools: true, hidesThinking: false } as const
const BUDGET = { context: 200_000, output: 64_000, thinking: ['enabled'], forcedTools: true, hidesThinking: false } as const

/** Newest first, as the API lists them. Source: model catalogue and capability tables of November 2026. */
export const MODELS: readonly Model[] = [
  { id: 'claude-fable-5-2', display_name: 'Claude Fable 5.2', line: 'fable', released: '2026-11-17', ...MODERN_UNFORCED },
  { id: 'claude-haiku-5-5', display_name: 'Claude Haiku 5.5', line: 'haiku', released: '2026-10-20', ...MODERN, hidesThinking: true },
  { id: 'claude-sonnet-5-5', display_name: 'Claude Sonnet 5.5', line: 'sonnet', released: '2026-10-07', ...MODERN_UNFORCED },
  { id: 'claude-fable-5-1', display_name: 'Claude Fable 5.1', line: 'fable', released: '2026-09-29', ...MODERN_UNFORCED },
  { id: 'claude-opus-5-5', display_name: 'Claude Opus 5.5', line: 'opus', released: '2026-09-22', ...MODERN_UNFORCED },
  { id: 'claude-sonnet-5', display_name: 'Claude Sonnet 5', line: 'sonnet', released: '2026-07-01', ...MODERN },
  { id: 'claude-fable-5', display_name: 'Claude Fable 5', line: 'fable', released: '2026-06-10', ...MODERN },
  { id: 'claude-opus-5', display_name: 'Claude Opus 5', line: 'opus', released: '2026-06-10', ...MODERN },
  { id: 'claude-opus-4-8', display_name: 'Claude Opus 4.8', line: 'opus', released: '2026-05-20', ...MODERN },
  { id: 'claude-opus-4-7', display_name: 'Claude Opus 4.7', line: 'opus', released: '2026-04-14', ...MODERN },
  { id: 'claude-sonnet-4-6', display_name: 'Claude Sonnet 4.6', line: 'sonnet', released: '2026-02-17', ...BOTH },
  { id: 'claude-opus-4-6', display_name: 'Claude Opus 4.6', line: 'opus', released: '2026-02-04', ...BOTH },
  { id: 'claude-opus-4-5-20251101', alias: 'claude-opus-4-5', display_name: 'Claude Opus 4.5', line: 'opus', released: '2025-11-24', ...BUDGET },
  { id: 'claude-haiku-4-5-20251001', alias: 'claude-haiku-4-5', display_name: 'Claude Haiku 4.5', line: 'haiku', released: '2025-10-15', ...BUDGET },
  {
    id: 'claude-sonnet-4-5-20250929',
    alias: 'claude-sonnet-4-5',
    display_name: 'Claude Sonnet 4.5',
    line: 'sonnet',
    released: '2025-09-29',
    ends: { announced: '2026-05-28', retires: '2026-11-30' },
    ...BUDGET
  }
]

/** @throws ApiError 404 for a name that is no model's. */
export function findModel (name: string): Model {
  const model = MODELS.find(({ id, alias }) => id === name || alias === name)
  if (model === undefined) throw new ApiError('not_found_error', `model: ${name}`)
  return model
}

/** Sampling parameters ended with the models that only think adaptively. */
export const takesSampling = (model: Model): boolean => model.thinking.includes('enabled')

/** A conversation may end in the start of an answer only where thinking is not adaptive. */
export const takesPrefill = (model: Model): boolean => !model.thinking.includes('adaptive')

/** `ModelInfo` as `GET /v1/models/{id}` gives it. Source: @anthropic-ai/sdk 1.12, resources/models. */
export function modelInfo (model: Model): object {
  const yes = { supported: true }
  const supports = (supported: boolean) => ({ supported })
  const adaptive = model.thinking.includes('adaptive')
  return {
    type: 'model',
    id: model.id,
    display_name: model.display_name,
    created_at: at(model.released),
    line: model.line,
    lifecycle: lifecycle(model),
    deprecated_at: at(model.ends?.announced),
    retires_at: at(model.ends?.retires),
    max_input_tokens: model.context,
    max_tokens: model.output,
    capabilities: {
      batch: yes,
      citations: yes,
      code_execution: yes,
      context_management: { supported: true, clear_thinking_20251015: yes, clear_tool_uses_20250919: yes, compact_20260112: supports(adaptive) },
      effort: { supported: adaptive, ...Object.fromEntries(EFFORTS.map((level) => [level, supports(adaptive)])) },
      image_input: yes,
      pdf_input: yes,
      server_tools: yes,
      structured_outputs: yes,
      thinking: { supported: true, types: { adaptive: supports(adaptive), enabled: supports(model.thinking.includes('enabled')) } }
    }
  }
}

export interface PageQuery {
  /** 1 to 1000. */
  limit?: number
  after_id?: string
  before_id?: string
  lifecycle?: string[]
}

/** A page of the list, with the cursors of Anthropic's pagination: ids, of which `after_id` wins when both are given. */
export function modelPage ({ limit = 20, after_id: after, before_id: before, lifecycle: wanted }: PageQuery): object {
  const models = wanted === undefined ? MODELS : MODELS.filter((model) => wanted.includes(lifecycle(model)))
  const backwards = after === undefined && before !== undefined
  const edge = after ?? before
  const at = edge === undefined ? -1 : models.indexOf(findModel(edge))
  const start = backwards ? Math.max(0, at - limit) : at + 1
  const end = backwards ? at : start + limit
  const page = models.slice(start, end)
  return {
    data: page.map(modelInfo),
    has_more: backwards ? start > 0 : end < models.length,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null
  }
}

const lifecycle = (model: Model): 'active' | 'deprecated' => model.ends === undefined ? 'active' : 'deprecated'

const at = (date: string | undefined): string | null => date === undefined ? null : `${date}T00:00:00Z`
