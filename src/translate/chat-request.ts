import { createHash } from 'node:crypto'
import type { ChatContext } from './chat-context.ts'
import { chatMessages } from './chat-messages.ts'
import { cacheControl, hasCacheControl } from './content.ts'
import { asArray, asObject, asString, missing, optionalBoolean, optionalCount, optionalNumber, optionalString, refuseDeepNesting, type Fields } from './fields.ts'
import type { Message, MessagesRequest, TextBlock } from './messages.ts'
import { resolveAlias, traitsOf, type ModelTraits } from './models.ts'
import { chatFormat, outputFormat, type OutputFormat } from './output-format.ts'
import { checkParameters, includesUsage } from './parameters.ts'
import { ownThinking, reasoningFor, thinks, wantedEffort, type WantedEffort } from './reasoning.ts'
import { chatToolChoice, chatTools, chooseTools, type ChosenTools } from './tools.ts'

export interface TranslationOptions {
  /** Names of Claude models by the names that clients use for them. */
  aliases: Record<string, string>
  /** The model's object of the upstream's `GET /v1/models`, where it is known. */
  infoOf?: (model: string) => unknown
  /** Whether the upstream is asked to cache prompts for clients that cannot ask for it. */
  autoCache: boolean
  /** Keeps the hash of a user's name from being looked up or compared between installations. */
  userSalt: string
}

export interface ChatTranslation {
  request: MessagesRequest
  /** Parameters that had no effect although they asked for one. */
  ignored: string[]
  context: ChatContext
}

/**
 * A Chat Completions request as a Messages request.
 * @param body parsed JSON, nothing of it checked
 * @throws a 400 that names the field by its path, as `messages.3.content.0.image_url.url`
 */
export function translateChat (body: unknown, options: TranslationOptions): ChatTranslation {
  const fields = asObject(body, 'body')
  refuseDeepNesting(fields, 'body')
  const ignored = checkParameters('chat', fields)
  const { name, model, traits } = modelOf(fields['model'], options)
  const { messages, system } = chatMessages(fields['messages'], traits.systemMessages)
  const { tools, customTools } = chatTools(fields, traits)
  const legacyFunctions = (fields['functions'] ?? null) !== null && (fields['tools'] ?? null) === null
  const parallel = optionalBoolean(fields['parallel_tool_calls'], 'parallel_tool_calls')
  // The old protocol has room for one call only.
  const chosen = chooseTools(tools, chatToolChoice(fields), traits, legacyFunctions ? false : parallel)
  const output = outputFormat(chatFormat(fields['response_format']), traits, tools.length > 0)
  const maxTokens = maxTokensOf(fields, traits)
  const request: MessagesRequest = { model, max_tokens: maxTokens, stream: true, messages }
  applyTools(request, system, chosen, output)
  applyReasoning(request, fields['thinking'], wantedEffort(fields['reasoning_effort'], 'reasoning_effort'), traits)
  ignored.push(...applySampling(request, fields, traits), ...applyStop(request, fields['stop']))
  applyUser(request, fields, options.userSalt)
  applyCache(request, fields['cache_control'], options.autoCache)
  const context: ChatContext = {
    model: name,
    stream: optionalBoolean(fields['stream'], 'stream') ?? false,
    includeUsage: includesUsage(fields['stream_options']),
    jsonTool: output.tool?.name,
    customTools,
    legacyFunctions
  }
  return { request, ignored, context }
}

/** @returns the model as the client wrote it, as the upstream knows it, and what is known of it */
export function modelOf (value: unknown, options: TranslationOptions): { name: string, model: string, traits: ModelTraits } {
  if (value === undefined || value === null || value === '') throw missing('model', 'Name a Claude model, or an alias of one.')
  const name = asString(value, 'model')
  const model = resolveAlias(name, options.aliases)
  return { name, model, traits: traitsOf(model, options.infoOf?.(model)) }
}

/** Tools, their choice, the form of the answer, and the system text with the sentences that stand in for what a model refuses. */
export function applyTools (request: MessagesRequest, system: TextBlock[], chosen: ChosenTools, output: OutputFormat): void {
  const tools = output.tool === undefined ? chosen.tools : [...chosen.tools, output.tool]
  if (tools.length > 0) request.tools = tools
  const choice = output.choice ?? chosen.choice
  if (choice !== undefined) request.tool_choice = choice
  if (output.format !== undefined) request.output_config = { format: output.format }
  const instructions = [chosen.instruction, output.instruction].filter((text) => text !== undefined)
  const blocks = [...system, ...instructions.map((text): TextBlock => ({ type: 'text', text }))]
  if (blocks.length > 0) request.system = blocks
}

/** Thinking and effort, with what is already in the request taken into account. */
export function applyReasoning (request: MessagesRequest, own: unknown, wanted: WantedEffort | undefined, traits: ModelTraits): void {
  const forced = request.tool_choice?.type === 'any' || request.tool_choice?.type === 'tool'
  const resumes = isResult(request.messages.at(-1)) && !isThought(request.messages.at(-2))
  const { thinking, effort } = reasoningFor(wanted, traits, { maxTokens: request.max_tokens, forced, resumes })
  const chosen = own === undefined || own === null ? thinking : ownThinking(own, 'thinking')
  if (chosen !== undefined) request.thinking = chosen
  if (effort !== undefined) request.output_config = { ...request.output_config, effort }
}

function isResult (message: Message | undefined): boolean {
  return message?.content.some(({ type }) => type === 'tool_result') === true
}

function isThought (message: Message | undefined): boolean {
  return message?.content.some(({ type }) => type === 'thinking' || type === 'redacted_thinking') === true
}

/** @returns the parameters that the model does not take, at least not together with the rest */
export function applySampling (request: MessagesRequest, fields: Fields, traits: ModelTraits): string[] {
  const temperature = optionalNumber(fields['temperature'], 'temperature')
  const topP = optionalNumber(fields['top_p'], 'top_p')
  const accepted = traits.sampling && !thinks(request)
  const ignored = []
  if (accepted && temperature !== undefined) request.temperature = Math.min(Math.max(temperature, 0), 1)
  else if (temperature !== undefined && temperature !== 1) ignored.push('temperature')
  if (accepted && topP !== undefined && temperature === undefined) request.top_p = Math.min(Math.max(topP, 0), 1)
  else if (topP !== undefined && topP !== 1) ignored.push('top_p')
  return ignored
}

/** Only a hash of the user's name leaves the house. */
export function applyUser (request: MessagesRequest, fields: Fields, salt: string): void {
  const user = optionalString(fields['safety_identifier'], 'safety_identifier') ?? optionalString(fields['user'], 'user')
  if (user) request.metadata = { user_id: createHash('sha256').update(`${salt}\0${user}`).digest('hex') }
}

/** A client that marks what to cache knows better; everybody else gets the upstream's automatic caching. */
export function applyCache (request: MessagesRequest, own: unknown, autoCache: boolean): void {
  const wanted = cacheControl(own, 'cache_control')
  const marked = hasCacheControl(request.system ?? []) || request.messages.some(({ content }) => hasCacheControl(content))
  if (wanted !== undefined) request.cache_control = wanted
  else if (autoCache && !marked) request.cache_control = { type: 'ephemeral' }
}

function maxTokensOf (fields: Fields, traits: ModelTraits): number {
  const newer = optionalCount(fields['max_completion_tokens'], 'max_completion_tokens')
  const wanted = newer ?? optionalCount(fields['max_tokens'], 'max_tokens')
  return Math.min(wanted ?? traits.maxTokens, traits.maxTokens)
}

/** The upstream refuses stop sequences of white space only. */
function applyStop (request: MessagesRequest, value: unknown): string[] {
  if (value === undefined || value === null) return []
  const stops = typeof value === 'string' ? [value] : asArray(value, 'stop').map((stop, index) => asString(stop, `stop.${index}`))
  const usable = stops.filter((stop) => stop.trim() !== '')
  if (usable.length > 0) request.stop_sequences = usable
  return usable.length < stops.length ? ['stop'] : []
}
