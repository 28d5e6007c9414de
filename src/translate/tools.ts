import type { Tool, ToolChoice } from './messages.ts'
import type { ModelTraits } from './models.ts'
import { asArray, asObject, asOneOf, asString, invalid, isObject, missing, optionalBoolean, optionalString, refuseDeepNesting, type Fields } from './fields.ts'
import { hasOpenObjects, toStructuredSchema } from './json-schema.ts'
import { refusedTool } from './parameters.ts'

/** Names and ids as the upstream accepts them. Source: its answers to others name the pattern. */
const NAME = /^[a-zA-Z0-9_-]{1,128}$/
const ID = /^[a-zA-Z0-9_-]+$/
const ID_MARK = 'ccx_'
/** More `strict` tools than that in one request are refused. From memory of the docs page "Structured outputs", not verified. */
const MAX_STRICT = 20

/** Tools in the upstream's form, and which of them are freeform. */
export interface Toolbox { tools: Tool[], customTools: ReadonlySet<string> }

/** What a client asked of the choice of tools, the same for every protocol. */
export type WantedChoice = { mode: 'auto' | 'none' | 'required', only?: readonly string[] }

/** What became of the wish: tools to send, the choice, and words for a model that refuses to be forced. */
export interface ChosenTools { tools: Tool[], choice?: ToolChoice, instruction?: string }

/** The `tools` of a Chat request, or its old `functions`. */
export function chatTools (body: Fields, traits: ModelTraits): Toolbox {
  const tools: Tool[] = []
  const customTools = new Set<string>()
  for (const [index, value] of listOf(body['tools'], 'tools').entries()) {
    const path = `tools.${index}`
    const tool = asObject(value, path)
    if (tool['type'] === 'function') {
      tools.push(functionTool(asObject(tool['function'], `${path}.function`), `${path}.function`, traits))
    } else if (tool['type'] === 'custom') {
      const custom = customTool(asObject(tool['custom'], `${path}.custom`), `${path}.custom`)
      customTools.add(custom.name)
      tools.push(custom)
    } else throw refusedTool('chat', tool['type'], path)
  }
  for (const [index, value] of listOf(body['functions'], 'functions').entries()) {
    tools.push(functionTool(asObject(value, `functions.${index}`), `functions.${index}`, traits))
  }
  refuseDuplicates(tools, 'tools')
  return { tools: limitStrict(tools), customTools }
}

/** One function, as both APIs write it: `name`, `description`, `parameters`, `strict`. */
export function functionTool (fields: Fields, path: string, traits: ModelTraits): Tool {
  const tool: Tool = { name: toolName(fields['name'], `${path}.name`), input_schema: inputSchema(fields['parameters'], `${path}.parameters`) }
  const description = optionalString(fields['description'], `${path}.description`)
  if (description) tool.description = description
  if (optionalBoolean(fields['strict'], `${path}.strict`) === true && traits.structuredOutputs && !hasOpenObjects(fields['parameters'])) {
    tool.input_schema = toStructuredSchema(tool.input_schema, `${path}.parameters`)
    tool.strict = true
  }
  return tool
}

/** A freeform tool as one with a single text; a grammar cannot be enforced, so it is described. */
export function customTool (fields: Fields, path: string): Tool {
  const name = toolName(fields['name'], `${path}.name`)
  const description = optionalString(fields['description'], `${path}.description`)
  const input: Fields = { type: 'string' }
  const format = fields['format']
  if (isObject(format) && format['type'] === 'grammar') {
    const grammar = isObject(format['grammar']) ? format['grammar'] : format
    const definition = asString(grammar['definition'], `${path}.format.definition`)
    input['description'] = `Must follow this ${optionalString(grammar['syntax'], `${path}.format.syntax`) ?? ''} grammar:\n${definition}`
  }
  const schema = { type: 'object', properties: { input }, required: ['input'] }
  return { name, ...(description ? { description } : {}), input_schema: schema }
}

/** At most so many tools stay `strict` as the upstream takes; the rest are sent without. */
export function limitStrict (tools: Tool[]): Tool[] {
  let strict = 0
  return tools.map((tool) => {
    if (tool.strict !== true || ++strict <= MAX_STRICT) return tool
    const { strict: _, ...loose } = tool
    return loose
  })
}

export function refuseDuplicates (tools: readonly Tool[], path: string): void {
  const seen = new Set<string>()
  for (const { name } of tools) {
    if (seen.has(name)) throw invalid(path, `has two tools of the name ${JSON.stringify(name)}`, 'Give each its own.')
    seen.add(name)
  }
}

export function toolName (value: unknown, path: string): string {
  if (value === undefined || value === null) throw missing(path, 'Name the tool.')
  const name = asString(value, path)
  if (NAME.test(name)) return name
  throw invalid(path, 'must be 1 to 128 letters, digits, underscores and hyphens', 'Rename the tool.')
}

/** The `tool_choice` of a Chat request, or its old `function_call`. */
export function chatToolChoice (body: Fields): WantedChoice {
  const choice = body['tool_choice']
  if (choice !== undefined && choice !== null) {
    if (!isObject(choice)) return { mode: asOneOf(choice, ['auto', 'none', 'required'], 'tool_choice') }
    const type = asOneOf(choice['type'], ['function', 'custom', 'allowed_tools'], 'tool_choice.type')
    const fields = asObject(choice[type], `tool_choice.${type}`)
    if (type === 'allowed_tools') return allowedTools(fields, 'tool_choice.allowed_tools')
    return { mode: 'required', only: [toolName(fields['name'], `tool_choice.${type}.name`)] }
  }
  const call = body['function_call']
  if (call === undefined || call === null) return { mode: 'auto' }
  if (!isObject(call)) return { mode: asOneOf(call, ['auto', 'none'], 'function_call') }
  return { mode: 'required', only: [toolName(call['name'], 'function_call.name')] }
}

/** `{ mode, tools: [{ type, name | function: { name } }] }`, as both APIs write it. */
export function allowedTools (fields: Fields, path: string): WantedChoice {
  const mode = asOneOf(fields['mode'], ['auto', 'required'], `${path}.mode`)
  const only = asArray(fields['tools'], `${path}.tools`).map((value, index) => {
    const at = `${path}.tools.${index}`
    const tool = asObject(value, at)
    const inner = ['function', 'custom'].map((kind) => tool[kind]).find(isObject)
    return toolName((inner ?? tool)['name'], `${at}.name`)
  })
  return { mode, only }
}

/**
 * Settles the choice with the model. Where it refuses to be forced, only the tools in question are sent and it is told in words to call,
 * as `@ai-sdk/anthropic` does it.
 * @param parallel `parallel_tool_calls`; false forbids more than one call in a turn
 */
export function chooseTools (tools: Tool[], wanted: WantedChoice, traits: ModelTraits, parallel: boolean | undefined): ChosenTools {
  const { mode, only } = wanted
  const names = new Set(tools.map(({ name }) => name))
  for (const name of only ?? []) {
    if (!names.has(name)) {
      throw invalid('tool_choice', `names ${JSON.stringify(name)}, which is not among the tools`, 'Add the tool, or choose another.')
    }
  }
  if (mode === 'required' && (tools.length === 0 || only?.length === 0)) {
    throw invalid('tool_choice', 'asks for a tool, and there is none', 'Send tools, or leave tool_choice out.')
  }
  if (tools.length === 0) return { tools }
  if (mode === 'none') return { tools, choice: { type: 'none' } }
  const single = parallel === false ? { disable_parallel_tool_use: true } : {}
  if (mode === 'required' && traits.forcedTools && only?.length === 1) {
    return { tools, choice: { type: 'tool', name: only[0] ?? '', ...single } }
  }
  const allowed = only === undefined ? names : new Set(only)
  const subset = tools.filter(({ name }) => allowed.has(name))
  if (subset.length === 0) return { tools, choice: { type: 'none' } }
  if (mode === 'required' && traits.forcedTools) return { tools: subset, choice: { type: 'any', ...single } }
  const choice: ToolChoice | undefined = parallel === false ? { type: 'auto', ...single } : undefined
  if (mode === 'auto') return { tools: subset, choice }
  const which = subset.length === 1 ? `the tool ${subset[0]?.name}` : 'at least one of the tools'
  return { tools: subset, choice, instruction: `You must call ${which} in this turn; do not answer in text alone.` }
}

/**
 * A tool call's id as the upstream accepts it. Ids that it gave itself stay as they are; others are encoded, no two alike.
 */
export function toolCallId (value: unknown, path: string): string {
  if (value === undefined || value === null || value === '') throw missing(path, 'Give the call the id that its result names.')
  const id = asString(value, path)
  return ID.test(id) && !id.startsWith(ID_MARK) ? id : ID_MARK + Buffer.from(id).toString('base64url')
}

/**
 * The arguments of an earlier call. What a model wrote and is no JSON object, cut off for example, is kept as text under `_raw`: a history
 * that holds it must stay usable.
 */
export function toolInput (text: string, path: string): unknown {
  const input = text.trim() === '' ? {} : parsed(text)
  if (!isObject(input)) return { _raw: text }
  refuseDeepNesting(input, path)
  return input
}

function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function inputSchema (value: unknown, path: string): Fields {
  if (value === undefined || value === null) return { type: 'object', properties: {} }
  const { $schema: _, ...schema } = asObject(value, path)
  const type = schema['type'] ?? 'object'
  if (type !== 'object') throw invalid(`${path}.type`, 'must be "object"', 'Wrap the schema in an object.')
  return { ...schema, type }
}

function listOf (value: unknown, path: string): unknown[] {
  return value === undefined || value === null ? [] : asArray(value, path)
}
