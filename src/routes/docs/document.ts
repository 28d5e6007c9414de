import type { Envelope } from '../../errors.ts'
import { toldError, toldErrors } from './errors.ts'
import type { Content, HeaderName, Shown } from './operation.ts'
import { SHAPES } from './shapes.ts'

type Media = Record<string, { schema?: object, example?: unknown, examples?: Record<string, object> }>
interface Answer { description: string, content?: Media }

interface Operation {
  parameters?: object[]
  requestBody?: { required?: boolean, content: Media }
  responses: Record<string, Answer>
  'x-shown'?: Shown
}

/** As much of an OpenAPI document as is read here. */
export interface OpenapiDocument {
  paths: Record<string, Record<string, Operation>>
  components: { schemas?: object, parameters?: object, examples?: object }
}

const JSON_TYPE = 'application/json'
const ENVELOPE_SHAPES = { anthropic: 'AnthropicError', openai: 'OpenaiError', admin: 'AdminError' } as const

/** Headers that matter, by their names; routes name those they heed. */
export const HEADERS: Record<HeaderName, object> = {
  'anthropic-version': header('anthropic-version', 'The version of Anthropic\'s API, as its SDKs send it; passed on as sent', '2023-06-01'),
  'anthropic-beta': header('anthropic-beta', 'Names of beta features, comma separated; passed on as sent', 'files-api-2025-04-14'),
  'X-Proxy-Mode': header('X-Proxy-Mode', 'Chooses the API or claude.ai, within what the server and the token allow; without it the API where there is a key', 'api', ['api', 'web']),
  'x-ccproxy-debug': header('x-ccproxy-debug', '`1` has the answer say in `x-ccproxy-trace` which keys were passed over, and why', '1', ['1'])
}

function header (name: string, description: string, example: string, values?: string[]): object {
  return { in: 'header', name, required: false, description, schema: { type: 'string', ...values !== undefined && { enum: values } }, example }
}

/** The credentials. */
export const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'A client token, which the operator makes' },
  apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'The same client token, as Anthropic\'s SDKs send a key' },
  adminKey: { type: 'apiKey', in: 'header', name: 'X-Admin-Key', description: 'The operator\'s key (CCPROXY_ADMIN_KEY)' }
} as const

/** Turns what the routes tell beside their schemas into OpenAPI. Changes the document in its place. */
export function complete (document: OpenapiDocument): void {
  const schemas = { ...document.components.schemas, ...SHAPES }
  document.components = { ...document.components, schemas, parameters: HEADERS, examples: toldErrors() }
  for (const [path, item] of Object.entries(document.paths)) {
    const operations = Object.values(item)
    const shownOnce = operations.find((operation) => operation['x-shown']?.anyMethod)
    if (shownOnce !== undefined) document.paths[path] = { get: shownOnce }
    // One route of several methods is one object here.
    for (const operation of new Set(operations)) completeOperation(operation)
  }
}

function completeOperation (operation: Operation): void {
  const { 'x-shown': shown } = operation
  delete operation['x-shown']
  if (shown === undefined) return
  const parameters = shown.headers.map((name) => ({ $ref: `#/components/parameters/${name}` }))
  if (parameters.length > 0) operation.parameters = [...operation.parameters ?? [], ...parameters]
  if (shown.body !== undefined) operation.requestBody = { required: true, content: media(operation.requestBody, [shown.body]) }
  const { '4XX': _4, '5XX': _5, ...told } = operation.responses
  const answer: Record<string, Answer> = shown.answers.length === 0 ? {} : { 200: { description: descriptionOf(told['200']), content: media(told['200'], shown.answers) } }
  operation.responses = { ...told, ...answer, ...errorAnswers(shown), ...shown.passes && passedErrors(shown) }
}

function descriptionOf (answer: Answer | undefined): string {
  return answer === undefined || answer.description === 'Default Response' ? 'The answer' : answer.description
}

/** What a schema says of a body, with what is shown instead or beside. */
function media (base: { content?: Media } | undefined, contents: readonly Content[]): Media {
  const checked = base?.content?.[JSON_TYPE]?.schema ?? {}
  return Object.fromEntries(contents.map(({ type = JSON_TYPE, shape, example }) =>
    [type, { schema: shape === undefined ? checked : { $ref: `#/components/schemas/${shape}` }, example }]))
}

/** The gateway's own errors, by their status. */
function errorAnswers ({ errors, envelope }: Shown): Record<string, Answer> {
  const answers: Record<string, Answer & { codes: Set<string> }> = {}
  for (const name of errors) {
    for (const one of envelope === 'both' ? ['anthropic', 'openai'] as const : [envelope]) {
      const { status, code } = toldError(name, one)
      const answer = answers[status] ??= { description: '', codes: new Set(), content: { [JSON_TYPE]: { schema: schemaOf(envelope), examples: {} } } }
      answer.codes.add(code)
      answer.content![JSON_TYPE]!.examples![envelope === 'both' ? `${name} (${one})` : name] = { $ref: `#/components/examples/${one}.${name}` }
    }
  }
  return Object.fromEntries(Object.entries(answers).map(([status, { codes, content }]) =>
    [status, { description: `Told by the gateway: ${[...codes].map((code) => `\`${code}\``).join(', ')}`, content }]))
}

function passedErrors ({ envelope }: Shown): Record<string, Answer> {
  const content = { [JSON_TYPE]: { schema: schemaOf(envelope) } }
  const how = envelope === 'openai' ? 'in OpenAI\'s envelope' : 'as it was told, status and body'
  return {
    '4XX': { description: `What the upstream refuses, ${how}`, content },
    '5XX': { description: `What fails upstream, ${how}`, content }
  }
}

function schemaOf (envelope: Envelope | 'both'): object {
  const of = (one: Envelope) => ({ $ref: `#/components/schemas/${ENVELOPE_SHAPES[one]}` })
  return envelope === 'both' ? { anyOf: [of('anthropic'), of('openai')] } : of(envelope)
}
