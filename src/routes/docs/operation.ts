import type { Envelope } from '../../errors.ts'
import type { ErrorExample } from './errors.ts'
import type { ShapeName } from './shapes.ts'

/** The rooms of the document, and what each is for. */
export const TAGS = {
  Messages: 'Anthropic\'s protocol, byte for byte',
  OpenAI: 'OpenAI\'s protocol, translated into Messages and back',
  Models: 'The models, in the shape of either protocol',
  Batches: 'A token\'s own message batches; API mode only',
  Files: 'A token\'s own files; API mode only',
  Skills: 'A token\'s own skills, and Anthropic\'s; API mode only',
  Token: 'What a token\'s holder may know of it',
  Tokens: 'Client tokens, for the operator',
  Keys: 'The pool of API keys, for the operator',
  Sessions: 'Sessions of claude.ai, for the operator',
  Service: 'Who answers, and whether it can',
  Refused: 'Parts of the Anthropic API that are not served, with the reason'
} as const

export type HeaderName = 'anthropic-version' | 'anthropic-beta' | 'X-Proxy-Mode' | 'x-ccproxy-debug'

/** A body, as the document shows it: never validated, never used to write an answer. */
export interface Content {
  /** Media type; JSON when left out. */
  type?: string
  /** One of the open shapes; what the route's own schema says when left out. */
  shape?: ShapeName
  example: unknown
}

/** What the document tells of a route beside its schemas. */
export interface Shown {
  envelope: Envelope | 'both'
  headers: readonly HeaderName[]
  body?: Content
  answers: readonly Content[]
  errors: readonly ErrorExample[]
  /** Whether what the upstream answers, in success and in failure, is passed on. */
  passes: boolean
  /** Shown once, whatever the method. */
  anyMethod?: true
}

/** What a route's schema says for the document alone; Fastify reads none of it. */
export interface RouteDoc {
  summary: string
  description?: string
  tags: [keyof typeof TAGS]
  operationId: string
  security: Array<Record<string, []>>
  'x-shown': Shown
}

interface Texts {
  id: string
  summary: string
  description?: string
  body?: Content
  answers: readonly Content[]
  /** Those that every route of its kind has are added. */
  errors?: readonly ErrorExample[]
  headers?: readonly HeaderName[]
}

const operation = (tag: keyof typeof TAGS, { id, summary, description, ...texts }: Texts, security: RouteDoc['security'], shown: Pick<Shown, 'envelope' | 'passes'>): RouteDoc => ({
  summary, ...description !== undefined && { description }, tags: [tag], operationId: id, security, 'x-shown': { headers: [], errors: [], ...texts, ...shown }
})

/** A route that needs no credential. */
export const forAnyone = (texts: Texts): RouteDoc =>
  operation('Service', { ...texts, errors: [...texts.errors ?? [], 'invalid_request_error'] }, [], { envelope: 'anthropic', passes: false })

/** A route that the admin key opens. */
export const forAdmin = (tag: 'Tokens' | 'Keys' | 'Sessions', texts: Texts): RouteDoc =>
  operation(tag, { ...texts, errors: ['missing_admin_key', 'invalid_admin_key', 'rate_limited', 'shutting_down', ...texts.errors ?? []] }, [{ adminKey: [] }], { envelope: 'admin', passes: false })

const BY_TOKEN: RouteDoc['security'] = [{ bearer: [] }, { apiKey: [] }]

/** What a token's holder may know of it. */
export const forHolder = (texts: Texts): RouteDoc =>
  operation('Token', { ...texts, errors: ['missing_token', 'invalid_token', 'token_revoked', 'shutting_down'] }, BY_TOKEN, { envelope: 'admin', passes: false })

const ASKING: readonly ErrorExample[] = ['missing_token', 'invalid_token', 'token_revoked', 'mode_not_allowed', 'all_keys_limited', 'upstream_unreachable', 'no_api_keys', 'shutting_down', 'upstream_timeout', 'all_keys_refused']

/** A route that asks Claude. */
export const forToken = (tag: 'Messages' | 'OpenAI' | 'Models', envelope: Shown['envelope'], texts: Texts): RouteDoc =>
  operation(tag, { ...texts, headers: [...texts.headers ?? [], 'X-Proxy-Mode', 'x-ccproxy-debug'], errors: [...ASKING, ...texts.errors ?? []] }, BY_TOKEN, { envelope, passes: true })

/** A route for what lives with the API. */
export const forOwner = (tag: 'Batches' | 'Files' | 'Skills', texts: Texts): RouteDoc =>
  operation(tag, {
    ...texts, headers: ['anthropic-version', 'anthropic-beta', 'X-Proxy-Mode', 'x-ccproxy-debug'], errors: [...ASKING, 'mode_not_supported', ...texts.errors ?? []]
  }, BY_TOKEN, { envelope: 'anthropic', passes: true })

/** A part of the API that is not served. */
export function forNobody (name: string, isBelow: boolean, reason: string): RouteDoc {
  const texts: Texts = { id: `refused_${name}${isBelow ? '_below' : ''}`, summary: `Not served: /v1/${name}${isBelow ? '/…' : ''}`, description: `Whatever the method, 403: ${reason}`, answers: [], errors: ['missing_token', 'not_available'] }
  const doc = operation('Refused', texts, BY_TOKEN, { envelope: 'anthropic', passes: false })
  return { ...doc, 'x-shown': { ...doc['x-shown'], anyMethod: true } }
}
