import { asArray, asObject, asOneOf, invalid, isObject, optionalString, type Fields } from './fields.ts'
import type { Tool } from './messages.ts'
import type { ModelTraits } from './models.ts'
import { isIgnoredTool, refusedTool } from './parameters.ts'
import type { Namespaced } from './responses-context.ts'
import { allowedTools, customTool, functionTool, limitStrict, refuseDuplicates, toolName, type Toolbox, type WantedChoice } from './tools.ts'

/** The tools of a Responses request, in the upstream's form. */
export interface ResponsesToolbox extends Toolbox {
  namespaced: ReadonlyMap<string, Namespaced>
  /** What the descriptions of namespaces say, for the system text. */
  instructions: string[]
  /** Tools that run at OpenAI, and were left out. */
  ignored: string[]
}

/** The name under which the upstream knows a tool of a namespace. */
export function flatName (name: string, namespace: string | undefined): string {
  return namespace ? `${namespace}__${name}` : name
}

/** The `tools` of a Responses request. */
export function responsesTools (value: unknown, traits: ModelTraits): ResponsesToolbox {
  const reader = new ToolReader(traits)
  for (const [index, tool] of (value === undefined || value === null ? [] : asArray(value, 'tools')).entries()) {
    reader.read(asObject(tool, `tools.${index}`), `tools.${index}`)
  }
  refuseDuplicates(reader.tools, 'tools')
  return { ...reader, tools: limitStrict(reader.tools) }
}

class ToolReader implements ResponsesToolbox {
  readonly tools: Tool[] = []
  readonly customTools = new Set<string>()
  readonly namespaced = new Map<string, Namespaced>()
  readonly instructions: string[] = []
  readonly ignored: string[] = []
  readonly #traits: ModelTraits

  constructor (traits: ModelTraits) {
    this.#traits = traits
  }

  read (tool: Fields, path: string, namespace?: string): void {
    const { type } = tool
    if (type === 'function') this.#add(functionTool(tool, path, this.#traits), path, namespace)
    else if (type === 'custom') this.customTools.add(this.#add(customTool(tool, path), path, namespace))
    else if (type === 'namespace' && namespace === undefined) this.#readNamespace(tool, path)
    else if (isIgnoredTool('responses', type)) this.ignored.push(`tools.${String(type)}`)
    else throw refusedTool('responses', type, path)
  }

  #readNamespace (tool: Fields, path: string): void {
    const namespace = toolName(tool['name'], `${path}.name`)
    const description = optionalString(tool['description'], `${path}.description`)
    if (description) this.instructions.push(`About the tools whose names begin with "${namespace}__": ${description}`)
    for (const [index, inner] of asArray(tool['tools'], `${path}.tools`).entries()) {
      const at = `${path}.tools.${index}`
      this.read(asObject(inner, at), at, namespace)
    }
  }

  /** @returns the tool's name upstream */
  #add (tool: Tool, path: string, namespace: string | undefined): string {
    const name = toolName(flatName(tool.name, namespace), `${path}.name`)
    if (namespace !== undefined) this.namespaced.set(name, { namespace, name: tool.name })
    this.tools.push({ ...tool, name })
    return name
  }
}

/** The `tool_choice` of a Responses request. */
export function responsesToolChoice (choice: unknown): WantedChoice {
  if (choice === undefined || choice === null) return { mode: 'auto' }
  if (!isObject(choice)) return { mode: asOneOf(choice, ['auto', 'none', 'required'], 'tool_choice') }
  const { type } = choice
  if (isIgnoredTool('responses', type)) {
    throw invalid('tool_choice', `asks for ${JSON.stringify(type)}, which runs at OpenAI`, 'Choose a function, or leave tool_choice out.', 'unsupported_tool')
  }
  if (type === 'allowed_tools') {
    const tools = asArray(choice['tools'], 'tool_choice.tools').filter((tool) => !(isObject(tool) && isIgnoredTool('responses', tool['type'])))
    return allowedTools({ ...choice, tools: tools.map(withFlatName) }, 'tool_choice')
  }
  asOneOf(type, ['function', 'custom'], 'tool_choice.type')
  return { mode: 'required', only: [toolName(withFlatName(choice)['name'], 'tool_choice.name')] }
}

function withFlatName (tool: unknown): Fields {
  if (!isObject(tool) || typeof tool['name'] !== 'string' || typeof tool['namespace'] !== 'string') return tool as Fields
  return { ...tool, name: flatName(tool['name'], tool['namespace']) }
}
