/** A model as `GET /v1/models` tells it. Source: `ModelInfo` of `@anthropic-ai/sdk` 1.12. */
export interface WebModel {
  type: 'model'
  id: string
  display_name: string
  created_at: string
}

/** Source: the Models API allows an epoch value where the date of release is not known, and claude.ai does not tell it. */
const UNKNOWN_DATE = '1970-01-01T00:00:00Z'

const FREE = 'every plan'
const PAID = 'paid plans'

/**
 * The models of claude.ai by plan, newest first. claude.ai has no list that a session could be asked for, so this is the catalogue of November 2026
 * (the one of Claude Code 2.1.330) with what was said of the plans; what a session turns out not to offer is left out for as long as that is known.
 */
const MODELS: ReadonlyArray<readonly [id: string, name: string, plans: typeof FREE | typeof PAID]> = [
  ['claude-fable-5-2', 'Claude Fable 5.2', PAID],
  ['claude-haiku-5-5', 'Claude Haiku 5.5', FREE],
  ['claude-sonnet-5-5', 'Claude Sonnet 5.5', FREE],
  ['claude-fable-5-1', 'Claude Fable 5.1', PAID],
  ['claude-opus-5-5', 'Claude Opus 5.5', PAID],
  ['claude-sonnet-5', 'Claude Sonnet 5', PAID],
  ['claude-opus-5', 'Claude Opus 5', PAID],
  ['claude-opus-4-8', 'Claude Opus 4.8', PAID],
  ['claude-opus-4-7', 'Claude Opus 4.7', PAID],
  ['claude-sonnet-4-6', 'Claude Sonnet 4.6', PAID],
  ['claude-opus-4-6', 'Claude Opus 4.6', PAID],
  ['claude-haiku-4-5-20251001', 'Claude Haiku 4.5', FREE]
]

/** A session, as far as its models go. */
export interface Offer {
  /** Null while claude.ai has not been asked. */
  plan: string | null
  /** Whether the session has lately refused a model. */
  refuses: (model: string) => boolean
}

/** The models that at least one of the sessions offers. */
export function modelsOf (offers: readonly Offer[]): WebModel[] {
  return MODELS.filter(([id, , plans]) => offers.some(({ plan, refuses }) => (plans === FREE || plan !== 'free') && !refuses(id)))
    .map(([id, name]) => ({ type: 'model', id, display_name: name, created_at: UNKNOWN_DATE }))
}

/** The list in the form of the Models API: one page. */
export function webModelList (models: WebModel[]): object {
  return { data: models, has_more: false, first_id: models[0]?.id ?? null, last_id: models.at(-1)?.id ?? null }
}
