import type { FastifySchemaValidationError } from 'fastify'
import { ApiError } from './api-error.ts'
import { takesPrefill, takesSampling, type Model } from './models.ts'
import type { CountRequest, InputBlock, MessagesRequest } from './types.ts'

/** The version from which sampling parameters are no part of the protocol. Source: Anthropic versioning page. */
const WITHOUT_SAMPLING = '2026-10-21'
const SAMPLING = ['temperature', 'top_p', 'top_k'] as const

const EXPECTED: Record<string, string> = {
  string: 'a valid string', integer: 'a valid integer', number: 'a valid number', boolean: 'a valid boolean', array: 'a valid list', object: 'an object'
}

/** Words the first complaint of the schema validator as the API would. */
export function schemaComplaint (errors: FastifySchemaValidationError[]): ApiError {
  const [{ instancePath = '', keyword = '', params = {} } = {}] = errors
  const path = instancePath.slice(1).split('/').filter((part) => part !== '')
  switch (keyword) {
    case 'required': return invalid([...path, params['missingProperty']], 'Field required')
    case 'type': return invalid(path, `Input should be ${EXPECTED[params['type'] as string] ?? 'valid'}`)
    case 'enum': return invalid(path, `Input should be ${(params['allowedValues'] as string[]).map((value) => `'${value}'`).join(' or ')}`)
    case 'minItems': return invalid(path, `at least ${params['limit'] === 1 ? 'one message is' : `${params['limit']} are`} required`)
    case 'minimum': return invalid(path, `Input should be greater than or equal to ${params['limit']}`)
    default: return invalid(path, 'Input should be valid')
  }
}

const invalid = (path: unknown[], complaint: string) =>
  new ApiError('invalid_request_error', `${path.length === 0 ? 'body' : path.join('.')}: ${complaint}`)

/** A rule of the API that a schema cannot tell: gives the complaint, or nothing. */
type Rule = (request: CountRequest & Partial<MessagesRequest>, model: Model, version: string) => string | false | undefined

const RULES: Rule[] = [
  (request, _model, version) => {
    const extra = version >= WITHOUT_SAMPLING && SAMPLING.find((name) => request[name] !== undefined)
    return extra && `${extra}: Extra inputs are not permitted`
  },
  (request, model) => {
    const sampled = !takesSampling(model) && SAMPLING.find((name) => request[name] !== undefined && (request[name] !== 1 || name === 'top_k'))
    return sampled && `\`${sampled}\` is deprecated for this model.`
  },
  ({ max_tokens: tokens = 0 }, { output, id }) => tokens > output &&
    `max_tokens: ${tokens} > ${output}, which is the maximum allowed number of output tokens for ${id}`,
  ({ tool_choice: choice }, { forcedTools }) => !forcedTools && (choice?.type === 'any' || choice?.type === 'tool') &&
    'tool_choice: type "tool" and "any" are not supported for this model.',
  ({ tool_choice: choice, tools = [] }) => choice?.type === 'tool' && !tools.some(({ name }) => name === choice.name) &&
    `Tool '${choice.name}' not found in provided tools`,
  ({ thinking }, model) => thinking?.type === 'enabled' && !model.thinking.includes('enabled') &&
    '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
  ({ thinking }, model) => thinking?.type === 'adaptive' && !model.thinking.includes('adaptive') && 'adaptive thinking is not supported on this model',
  ({ messages }) => messages.some(({ content }) => blocksOf(content).some((block) => block.type === 'text' && block.text === '')) &&
    'messages: text content blocks must be non-empty',
  ({ messages }, model) => messages.at(-1)?.role === 'assistant' && !takesPrefill(model) &&
    'This model does not support assistant message prefill. The conversation must end with a user message.',
  unansweredCall
]

/** @throws ApiError 400 for what the API refuses in a request whose shape is right. */
export function checkRequest (request: CountRequest & Partial<MessagesRequest>, model: Model, version: string): void {
  for (const rule of RULES) {
    const complaint = rule(request, model, version)
    if (complaint) throw new ApiError('invalid_request_error', complaint)
  }
}

/** Every tool call must have its result in the next turn; system messages between the two do not count. */
function unansweredCall ({ messages }: CountRequest): string | undefined {
  const turns = messages.map((message, index) => ({ ...message, index })).filter(({ role }) => role !== 'system')
  for (const [place, { role, content, index }] of turns.entries()) {
    if (role !== 'assistant') continue
    const answered = new Set(blocksOf(turns[place + 1]?.content ?? []).map((block) => block.type === 'tool_result' && block.tool_use_id))
    const missing = blocksOf(content).flatMap((block) => block.type === 'tool_use' && !answered.has(block.id) ? [block.id] : [])
    if (missing.length > 0) {
      return `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(', ')}. ` +
        'Each `tool_use` block must have a corresponding `tool_result` block in the next message.'
    }
  }
  return undefined
}

const blocksOf = (content: string | InputBlock[]): InputBlock[] => typeof content === 'string' ? [] : content
