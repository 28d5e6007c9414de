import {
  applyCache, applyReasoning, applySampling, applyTools, applyUser, modelOf, type TranslationOptions
} from './chat-request.ts'
import { asArray, asObject, optionalBoolean, optionalCount, optionalString, refuseDeepNesting, type Fields } from './fields.ts'
import type { MessagesRequest, TextBlock } from './messages.ts'
import { outputFormat, responsesFormat } from './output-format.ts'
import { checkParameters } from './parameters.ts'
import { wantedEffort } from './reasoning.ts'
import type { ResponsesContext } from './responses-context.ts'
import { responsesInput } from './responses-input.ts'
import { responsesToolChoice, responsesTools } from './responses-tools.ts'
import { chooseTools } from './tools.ts'

export interface ResponsesTranslation {
  request: MessagesRequest
  /** Parameters and tools that had no effect although they asked for one. */
  ignored: string[]
  context: ResponsesContext
}

const KEPT_THINKING = 'reasoning.encrypted_content'

/**
 * A Responses request as a Messages request. Nothing of it is stored, and nothing of an earlier one is needed.
 * @param body parsed JSON, nothing of it checked
 * @throws a 400 that names the field by its path, as `input.3.content.0.image_url`
 */
export function translateResponses (body: unknown, options: TranslationOptions): ResponsesTranslation {
  const fields = asObject(body, 'body')
  refuseDeepNesting(fields, 'body')
  const unheard = checkParameters('responses', fields)
  const { name, model, traits } = modelOf(fields['model'], options)
  const { messages, system } = responsesInput(fields, { model, keepsPlace: traits.systemMessages })
  const toolbox = responsesTools(fields['tools'], traits)
  const parallel = optionalBoolean(fields['parallel_tool_calls'], 'parallel_tool_calls')
  const choice = responsesToolChoice(fields['tool_choice'])
  // Where nothing is left but what runs at OpenAI, nothing can be required.
  const idle = toolbox.tools.length === 0 && toolbox.ignored.length > 0 && choice.only === undefined
  const chosen = chooseTools(toolbox.tools, idle ? { mode: 'auto' } : choice, traits, parallel)
  const text = fields['text'] === undefined || fields['text'] === null ? {} : asObject(fields['text'], 'text')
  const output = outputFormat(responsesFormat(text['format']), traits, toolbox.tools.length > 0)
  const maxTokens = Math.min(optionalCount(fields['max_output_tokens'], 'max_output_tokens') ?? traits.maxTokens, traits.maxTokens)
  const request: MessagesRequest = { model, max_tokens: maxTokens, stream: true, messages }
  applyTools(request, [...system, ...toolbox.instructions.map((text): TextBlock => ({ type: 'text', text }))], chosen, output)
  applyReasoning(request, undefined, effortIn(fields['reasoning']), traits)
  const include = includesIn(fields['include'])
  const ignored = new Set([...unheard, ...applySampling(request, fields, traits), ...toolbox.ignored, ...verbosityIn(text), ...include.ignored])
  applyUser(request, fields, options.userSalt)
  applyCache(request, undefined, options.autoCache)
  const context: ResponsesContext = {
    stream: optionalBoolean(fields['stream'], 'stream') ?? false,
    upstreamModel: model,
    echo: echoOf(fields, name),
    encrypted: include.encrypted,
    jsonTool: output.tool?.name,
    customTools: toolbox.customTools,
    namespaced: toolbox.namespaced
  }
  return { request, ignored: [...ignored], context }
}

function effortIn (reasoning: unknown): ReturnType<typeof wantedEffort> {
  if (reasoning === undefined || reasoning === null) return undefined
  return wantedEffort(asObject(reasoning, 'reasoning')['effort'], 'reasoning.effort')
}

function includesIn (include: unknown): { encrypted: boolean, ignored: string[] } {
  const names = include === undefined || include === null ? [] : asArray(include, 'include')
  return { encrypted: names.includes(KEPT_THINKING), ignored: names.some((name) => name !== KEPT_THINKING) ? ['include'] : [] }
}

function verbosityIn (text: Fields): string[] {
  const verbosity = optionalString(text['verbosity'], 'text.verbosity')
  return verbosity === undefined || verbosity === 'medium' ? [] : ['text.verbosity']
}

/** What every `response` object repeats of its request. Source: `Response` of `openai` 7.57. */
function echoOf (fields: Fields, model: string): string {
  const { effort = null, summary = null } = (fields['reasoning'] ?? {}) as Fields
  const echo = {
    model,
    instructions: fields['instructions'] ?? null,
    max_output_tokens: fields['max_output_tokens'] ?? null,
    metadata: fields['metadata'] ?? {},
    parallel_tool_calls: fields['parallel_tool_calls'] ?? true,
    previous_response_id: null,
    reasoning: { effort, summary },
    store: false,
    temperature: fields['temperature'] ?? null,
    text: fields['text'] ?? { format: { type: 'text' } },
    tool_choice: fields['tool_choice'] ?? 'auto',
    tools: fields['tools'] ?? [],
    top_p: fields['top_p'] ?? null,
    truncation: 'disabled',
    background: false
  }
  return JSON.stringify(echo).slice(1, -1)
}
